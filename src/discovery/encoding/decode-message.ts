import { messageOf } from "../../resources/error-message.ts";
import { type Field, parseWith, type Read, report } from "../../resources/read/field.ts";
import type { Result } from "../../resources/result.ts";

/** Fields from this number on may be passed over by readers that do not know them (proto/eastbound). */
const FIRST_OPTIONAL_FIELD = 100;

/** Where the generated code keeps, by tag, what it does not know. */
const UNKNOWN_FIELDS = "_unknownFields";

/** A message of the generated code. */
interface MessageType {
  decode(input: Uint8Array): unknown;
}

/** Reads the bytes of one message: a value, or every problem. Never throws, whatever the bytes are. */
export function decodeWith<T>(bytes: Uint8Array, type: MessageType, read: Read<T>): Result<T> {
  const message = withoutThrowing(() => type.decode(bytes));
  return message.kind === "ok" ? parseWith(message.value, read) : message;
}

/** What `decode` makes of some bytes. The generated code has no other way of saying that bytes are malformed. */
export function withoutThrowing<T>(decode: () => T): Result<T> {
  try {
    return { kind: "ok", value: decode() };
  } catch (error) {
    const text = messageOf(error);
    return { kind: "invalid", problems: [{ path: "", message: `is malformed: ${text}` }] };
  }
}

/**
 * The number of a field that a newer controller has put into this message, or one inside it, and that must not be
 * passed over. A known field of another wire type counts, too.
 */
export function unknownFieldIn(value: unknown): number | undefined {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return undefined;
  const own = unknownFieldOf(value);
  if (own !== undefined) return own;
  for (const part of Object.values(value)) {
    const found = unknownFieldIn(part);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** As `unknownFieldIn`, but looks at the message alone and not at the messages inside it. */
export function unknownFieldOf(message: object): number | undefined {
  const fields = (message as Readonly<Record<string, object | undefined>>)[UNKNOWN_FIELDS];
  const numbers = Object.keys(fields ?? {}).map((tag) => Number(tag) >>> 3);
  return numbers.find((number) => number < FIRST_OPTIONAL_FIELD);
}

/** Reports what `unknownFieldOf` finds, for messages that mean nothing sure without it. */
export function refuseUnknown(field: Field): void {
  const unknown = unknownFieldOf(field.value as object);
  if (unknown !== undefined) report(field, `has field ${unknown}, which this version does not know`);
}

/**
 * A value of an enum, by number. `unknown` stands for values that this version does not know; without it they are
 * refused.
 */
export function enumOf<T extends string>(words: Readonly<Record<number, T>>, unknown?: NoInfer<T>): Read<T> {
  const [standIn] = Object.values(words);
  return (field) => {
    const word = words[field.value as number] ?? unknown;
    if (word === undefined)
      report(field, `has value ${String(field.value)}, which this version does not know`);
    return word ?? (standIn as T);
  };
}

/** The member of a oneof that is set, its value as a field of the oneof's name; undefined for one that is not known. */
export function caseOf(field: Field): { readonly name: string; readonly value: Field } | undefined {
  const { value } = field;
  if (typeof value !== "object" || value === null || !("$case" in value) || !("value" in value))
    return undefined;
  const name = String(value.$case);
  return { name, value: { ...field, value: value.value, key: name, parent: field.parent } };
}
