import { equalsIgnoringCase, FIELD_VALUE, TOKEN } from "./bytes/byte-classes.ts";
import { bit, HOP_BY_HOP_MASK, KnownField, knownFieldAt } from "./known-fields.ts";

const EMPTY = Buffer.alloc(0);

/** One change of a header modifier: `set` overwrites, `add` appends to what is there, `remove` removes. */
export interface HeadEditStep {
  readonly kind: "set" | "add" | "remove";
  readonly name: string;
  readonly value?: string;
}

/** What is done to one name. */
export interface HeadEdit {
  readonly lowerCaseName: string;
  /** The lines of this name are dropped. Else the value is appended to the last of them. */
  readonly replaces: boolean;
  /** The lines to write when `replaces`, or when the head has none of this name; may be empty. */
  readonly lines: Buffer;
  /** What follows an existing value, with its comma; empty where the new value takes a line of its own. */
  readonly suffix: Buffer;
}

/** Compiled changes of a head, one per name. */
export class HeadEdits {
  readonly edits: readonly HeadEdit[];
  /** The value to set Host to; Host is written in its own way. */
  readonly host: string | undefined;
  /** The lines of all edits that replace, to be written in one go. */
  readonly replacingLines: Buffer;
  /** Whether some edit appends to what is there. */
  readonly appends: boolean;

  /** A bit for the length of each name. */
  private readonly lengthMask: number;

  constructor(edits: readonly HeadEdit[], host: string | undefined) {
    this.edits = edits;
    this.host = host;
    this.replacingLines = Buffer.concat(edits.filter((edit) => edit.replaces).map((edit) => edit.lines));
    this.appends = edits.some((edit) => !edit.replaces);
    this.lengthMask = edits.reduce((mask, edit) => mask | (1 << (edit.lowerCaseName.length & 31)), 0);
  }

  /** The edit of the name that lies between `start` and `end`, or undefined. */
  editOf(buffer: Buffer, start: number, end: number): HeadEdit | undefined {
    if ((this.lengthMask & (1 << ((end - start) & 31))) === 0) return undefined;
    const edits = this.edits;
    for (let i = 0; i < edits.length; i++) {
      const edit = edits[i] as HeadEdit;
      if (equalsIgnoringCase(buffer, start, end, edit.lowerCaseName)) return edit;
    }
    return undefined;
  }
}

interface Outcome {
  /** As the last step spelled it. */
  name: string;
  replaces: boolean;
  values: string[];
}

/**
 * Folds header modifiers, in their order, into one change per name. Names are compared without case. Values are sent
 * as UTF-8 without the white space around them. Left out is what can't be edited: framing and hop-by-hop fields, bad
 * names, bad values.
 */
export function compileHeadEdits(steps: readonly HeadEditStep[]): HeadEdits {
  const outcomes = new Map<string, Outcome>();
  let host: string | undefined;
  for (const step of steps) {
    const lowerCaseName = step.name.toLowerCase();
    const value = (step.value ?? "").replace(/^[ \t]+|[ \t]+$/g, "");
    if (lowerCaseName === "host" && step.kind === "set" && isFieldValue(value)) host = value;
    else if (isEditable(lowerCaseName) && isFieldValue(value))
      outcomes.set(lowerCaseName, fold(outcomes.get(lowerCaseName), step, value));
  }
  const edits = [...outcomes].map(([lowerCaseName, outcome]) => compileOutcome(lowerCaseName, outcome));
  return new HeadEdits(edits, host);
}

function fold(before: Outcome | undefined, step: HeadEditStep, value: string): Outcome {
  if (step.kind === "remove") return { name: step.name, replaces: true, values: [] };
  if (step.kind === "set") return { name: step.name, replaces: true, values: [value] };
  return {
    name: step.name,
    replaces: before?.replaces ?? false,
    values: [...(before?.values ?? []), value],
  };
}

function compileOutcome(lowerCaseName: string, outcome: Outcome): HeadEdit {
  const { name, replaces, values } = outcome;
  // Set-Cookie is the one field whose values must not be joined (RFC 9110 5.3).
  const isJoined = lowerCaseName !== "set-cookie";
  const joined = values.filter((value) => value !== "").join(",");
  const lineValues = isJoined && values.length > 0 ? [joined] : values;
  return {
    lowerCaseName,
    replaces,
    lines: Buffer.from(lineValues.map((value) => `${name}: ${value}\r\n`).join(""), "utf8"),
    suffix: isJoined && !replaces ? Buffer.from(`,${joined}`, "utf8") : EMPTY,
  };
}

const NOT_EDITABLE_MASK =
  HOP_BY_HOP_MASK | bit(KnownField.Host) | bit(KnownField.ContentLength) | bit(KnownField.TransferEncoding);

/** Fields that say where a message ends or what the next hop is are the proxy's own business. */
function isEditable(lowerCaseName: string): boolean {
  const name = Buffer.from(lowerCaseName, "utf8");
  if (name.length === 0 || name.some((byte) => TOKEN[byte] === 0)) return false;
  return (bit(knownFieldAt(name, 0, name.length)) & NOT_EDITABLE_MASK) === 0;
}

function isFieldValue(value: string): boolean {
  return Buffer.from(value, "utf8").every((byte) => FIELD_VALUE[byte] === 1);
}
