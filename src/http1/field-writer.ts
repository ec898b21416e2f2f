import type { FieldTable } from "./field-table.ts";
import type { HeadEdit, HeadEdits } from "./head-edits.ts";
import { bit, type KnownField, NEVER_IN_TRAILERS } from "./known-fields.ts";
import type { OutBuffer } from "./out-buffer.ts";

const EMPTY = Buffer.alloc(0);
const CRLF = Buffer.from("\r\n");
const COLON_SPACE = Buffer.from(": ");

export interface FieldWriteOptions {
  /** Where the bytes begin that are copied with the first fields: `fields.start`, or a start line before it. */
  readonly runStart: number;
  /** The bits of the known fields to leave out. */
  readonly dropMask: number;
  readonly edits: HeadEdits | undefined;
}

/** Appends the field lines of a head, without the empty line, in as few copies as the changes allow. */
export function writeFields(out: OutBuffer, fields: FieldTable, options: FieldWriteOptions): void {
  const { dropMask, edits } = options;
  const buffer = fields.buffer;
  let runStart = options.runStart;
  for (let index = 0; index < fields.count; index++) {
    const edit = edits?.editOf(buffer, fields.nameStart(index), fields.nameEnd(index));
    if (edit?.replaces === true || isDropped(fields.id(index), dropMask)) {
      out.bytes(buffer, runStart, fields.nameStart(index));
    } else if (edit !== undefined && edit.suffix.length > 0 && isLastOfName(fields, index, edit, dropMask)) {
      out.bytes(buffer, runStart, fields.nameStart(index));
      writeLine(out, fields, index, edit.suffix);
    } else if (fields.hasSpaceBeforeColon && !fields.isCleanLine(index)) {
      out.bytes(buffer, runStart, fields.nameStart(index));
      writeLine(out, fields, index, EMPTY);
    } else {
      continue;
    }
    runStart = fields.lineEnd(index);
  }
  out.bytes(buffer, runStart, fields.end);
  if (edits !== undefined) writeEditLines(out, fields, dropMask, edits);
}

/** The lines of edits that are not part of a line received. */
function writeEditLines(out: OutBuffer, fields: FieldTable, dropMask: number, edits: HeadEdits): void {
  out.bytes(edits.replacingLines, 0, edits.replacingLines.length);
  if (!edits.appends) return;
  for (const edit of edits.edits) {
    if (edit.replaces) continue;
    if (edit.suffix.length === 0 || !isForwarded(fields, 0, edit, dropMask)) {
      out.bytes(edit.lines, 0, edit.lines.length);
    }
  }
}

function isLastOfName(fields: FieldTable, index: number, edit: HeadEdit, dropMask: number): boolean {
  return !isForwarded(fields, index + 1, edit, dropMask);
}

/** Whether a line of the edit's name, at or after `from`, is passed on. */
function isForwarded(fields: FieldTable, from: number, edit: HeadEdit, dropMask: number): boolean {
  for (let index = from; index < fields.count; index++) {
    if (fields.isNamed(index, edit.lowerCaseName) && !isDropped(fields.id(index), dropMask)) return true;
  }
  return false;
}

function isDropped(id: KnownField, dropMask: number): boolean {
  return (bit(id) & dropMask) !== 0;
}

/** `Name: value` with `suffix` behind the value; the suffix's comma only where there is a value before it. */
function writeLine(out: OutBuffer, fields: FieldTable, index: number, suffix: Buffer): void {
  const valueStart = fields.valueStart(index);
  const valueEnd = fields.valueEnd(index);
  out.bytes(fields.buffer, fields.nameStart(index), fields.nameEnd(index));
  out.bytes(COLON_SPACE, 0, COLON_SPACE.length);
  out.bytes(fields.buffer, valueStart, valueEnd);
  out.bytes(suffix, valueStart === valueEnd ? Math.min(1, suffix.length) : 0, suffix.length);
  out.bytes(CRLF, 0, CRLF.length);
}

/**
 * Appends trailer fields that may be passed on: none that say where a message ends, where it goes, who sent it or how
 * it is to be understood (RFC 9110 6.5.1).
 */
export function writeTrailerFields(out: OutBuffer, trailers: FieldTable): void {
  for (let index = 0; index < trailers.count; index++) {
    if (!NEVER_IN_TRAILERS.has(trailers.nameAt(index).toLowerCase())) {
      out.bytes(trailers.buffer, trailers.nameStart(index), trailers.lineEnd(index));
    }
  }
}
