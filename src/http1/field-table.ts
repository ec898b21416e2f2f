import { COLON, equalsIgnoringCase, SP } from "./bytes/byte-classes.ts";
import { latin1TextAt } from "./bytes/latin1.ts";
import type { KnownField } from "./known-fields.ts";

const EMPTY = Buffer.alloc(0);
const STRIDE = 6;
const INITIAL_FIELDS = 24;
const ID = 0;
const NAME_START = 1;
const NAME_END = 2;
const VALUE_START = 3;
const VALUE_END = 4;
const LINE_END = 5;

/**
 * Where the fields of one message lie: offsets into `buffer`, nothing copied. Reused for the next message of the same
 * parser, so valid until that parser begins one.
 */
export class FieldTable {
  /** The bytes that the offsets count in. They may belong to the read buffer: see the parser's `retainHead`. */
  buffer: Buffer = EMPTY;
  /** Field lines. A name that comes twice counts twice. */
  count = 0;
  /** Where the first field line begins. */
  start = 0;
  /** After the last field line, where the empty line begins. */
  end = 0;
  /** A line holds white space between name and colon and must not be copied as it came. */
  hasSpaceBeforeColon = false;

  private slots = new Int32Array(INITIAL_FIELDS * STRIDE);

  clear(): void {
    this.buffer = EMPTY;
    this.count = 0;
    this.start = 0;
    this.end = 0;
    this.hasSpaceBeforeColon = false;
  }

  /** Notes the name of the line being scanned. It counts once `endLine` was called. */
  beginLine(id: KnownField, nameStart: number, nameEnd: number): void {
    const at = this.count * STRIDE;
    if (at === this.slots.length) this.grow();
    const slots = this.slots;
    slots[at] = id;
    slots[at + NAME_START] = nameStart;
    slots[at + NAME_END] = nameEnd;
  }

  /** Notes the value of the line being scanned, without the white space around it, and where its CRLF ends. */
  endLine(valueStart: number, valueEnd: number, lineEnd: number): void {
    const slots = this.slots;
    const at = this.count * STRIDE;
    slots[at + VALUE_START] = valueStart;
    slots[at + VALUE_END] = valueEnd;
    slots[at + LINE_END] = lineEnd;
    this.count++;
  }

  private grow(): void {
    const grown = new Int32Array(this.slots.length * 2);
    grown.set(this.slots);
    this.slots = grown;
  }

  /** Moves every offset by `distance`, that of a line begun too, because the bytes now lie in `buffer`. */
  moveTo(buffer: Buffer, distance: number): void {
    const slots = this.slots;
    const used = Math.min((this.count + 1) * STRIDE, slots.length);
    for (let at = 0; at < used; at += STRIDE) {
      slots[at + NAME_START] = (slots[at + NAME_START] as number) + distance;
      slots[at + NAME_END] = (slots[at + NAME_END] as number) + distance;
      slots[at + VALUE_START] = (slots[at + VALUE_START] as number) + distance;
      slots[at + VALUE_END] = (slots[at + VALUE_END] as number) + distance;
      slots[at + LINE_END] = (slots[at + LINE_END] as number) + distance;
    }
    this.start += distance;
    this.end += distance;
    this.buffer = buffer;
  }

  /** Which known field it is; `KnownField.Other` for all names that the proxy needs not know. */
  id(index: number): KnownField {
    return this.slots[index * STRIDE + ID] as KnownField;
  }

  setId(index: number, id: KnownField): void {
    this.slots[index * STRIDE + ID] = id;
  }

  nameStart(index: number): number {
    return this.slots[index * STRIDE + NAME_START] as number;
  }

  nameEnd(index: number): number {
    return this.slots[index * STRIDE + NAME_END] as number;
  }

  valueStart(index: number): number {
    return this.slots[index * STRIDE + VALUE_START] as number;
  }

  valueEnd(index: number): number {
    return this.slots[index * STRIDE + VALUE_END] as number;
  }

  /** After the line's CRLF; the line begins at its name. */
  lineEnd(index: number): number {
    return this.slots[index * STRIDE + LINE_END] as number;
  }

  /** The name as it was sent. */
  nameAt(index: number): string {
    return latin1TextAt(this.buffer, this.nameStart(index), this.nameEnd(index));
  }

  /** The value of one line, each byte a character. */
  valueAt(index: number): string {
    return latin1TextAt(this.buffer, this.valueStart(index), this.valueEnd(index));
  }

  /** Whether no white space stands between name and colon. */
  isCleanLine(index: number): boolean {
    return this.buffer[this.nameEnd(index)] === COLON;
  }

  /** Whether the line is `Name:value` or `Name: value` with no other white space, as every recipient understands it. */
  isPlainLine(index: number): boolean {
    const valueStart = this.valueStart(index);
    if (this.valueEnd(index) + 2 !== this.lineEnd(index) || !this.isCleanLine(index)) return false;
    const spaces = valueStart - this.nameEnd(index) - 1;
    return spaces === 0 || (spaces === 1 && this.buffer[valueStart - 1] === SP);
  }

  /** The first line at or after `from` with this name, -1 if there is none. */
  indexOf(lowerCaseName: string, from = 0): number {
    for (let index = from; index < this.count; index++) {
      if (this.isNamed(index, lowerCaseName)) return index;
    }
    return -1;
  }

  /** The first line with this known name, -1 if there is none. */
  indexOfKnown(id: KnownField): number {
    for (let index = 0; index < this.count; index++) {
      if (this.id(index) === id) return index;
    }
    return -1;
  }

  isNamed(index: number, lowerCaseName: string): boolean {
    return equalsIgnoringCase(this.buffer, this.nameStart(index), this.nameEnd(index), lowerCaseName);
  }

  has(lowerCaseName: string): boolean {
    return this.indexOf(lowerCaseName) >= 0;
  }

  /**
   * The value of a field, each byte a character. The values of a name that comes several times are joined with `,`
   * (RFC 9110 5.3), but Cookie's with `; ` (as RFC 9113 8.2.3 does for HTTP/2).
   */
  valueOf(lowerCaseName: string): string | undefined {
    let index = this.indexOf(lowerCaseName);
    if (index < 0) return undefined;
    let value = this.valueAt(index);
    const separator = lowerCaseName === "cookie" ? "; " : ",";
    for (index = this.indexOf(lowerCaseName, index + 1); index >= 0; ) {
      value += separator + this.valueAt(index);
      index = this.indexOf(lowerCaseName, index + 1);
    }
    return value;
  }
}
