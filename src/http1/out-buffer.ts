import { FIELD_VALUE, TARGET } from "./bytes/byte-classes.ts";
import { writeLatin1At } from "./bytes/latin1.ts";

const INITIAL_BYTES = 4096;
const KEPT_VIEWS = 8;
/** From this length on the native copy is faster than a loop. */
const NATIVE_COPY_BYTES = 32;
const QUESTION_MARK = 0x3f;
const DIGITS = "0123456789abcdef";

/**
 * A growing run of bytes that writers append to. The owner writes `buffer` up to `length` to a socket and resets it.
 * How much is gathered is the owner's to bound.
 */
export class OutBuffer {
  buffer: Buffer;
  length = 0;
  private viewed: Buffer | undefined;
  private readonly views = Array.from<Buffer | undefined>({ length: KEPT_VIEWS });

  constructor(initialBytes = INITIAL_BYTES) {
    this.buffer = Buffer.allocUnsafeSlow(initialBytes);
  }

  /** Makes room for that many more bytes. `buffer` may be another one afterwards. */
  reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed > this.buffer.length) this.grow(needed);
  }

  /** Forgets the bytes and keeps the memory. */
  reset(): void {
    this.length = 0;
  }

  /** The bytes gathered so far, not copied. Views are kept, because traffic repeats itself and making one is dear. */
  view(): Buffer {
    if (this.viewed !== this.buffer) {
      this.viewed = this.buffer;
      this.views.fill(undefined);
    }
    const slot = this.length & (KEPT_VIEWS - 1);
    const kept = this.views[slot];
    if (kept !== undefined && kept.length === this.length) return kept;
    const view = this.buffer.subarray(0, this.length);
    this.views[slot] = view;
    return view;
  }

  bytes(source: Buffer, start: number, end: number): void {
    const size = end - start;
    this.reserve(size);
    if (size >= NATIVE_COPY_BYTES) {
      source.copy(this.buffer, this.length, start, end);
    } else {
      const target = this.buffer;
      let at = this.length;
      for (let i = start; i < end; i++) target[at++] = source[i] as number;
    }
    this.length += size;
  }

  /** Text that is known to be ASCII. */
  latin1(text: string): void {
    const size = text.length;
    this.reserve(size);
    if (size >= NATIVE_COPY_BYTES) {
      writeLatin1At(this.buffer, text, this.length);
    } else {
      const target = this.buffer;
      const at = this.length;
      for (let i = 0; i < size; i++) target[at + i] = text.charCodeAt(i);
    }
    this.length += size;
  }

  /** Lower-case digits, at least one. */
  hexadecimal(value: number): void {
    this.latin1(value.toString(16));
  }

  /** A field value of unknown origin, in UTF-8: what no field value may hold becomes `?`. */
  fieldValue(text: string): void {
    for (let i = 0; i < text.length; i++) {
      if (text.charCodeAt(i) > 0x7f) return this.utf8Value(text);
    }
    this.reserve(text.length);
    for (let i = 0; i < text.length; i++) this.valueByte(text.charCodeAt(i));
  }

  private utf8Value(text: string): void {
    const encoded = Buffer.from(text, "utf8");
    this.reserve(encoded.length);
    for (const value of encoded) this.valueByte(value);
  }

  private valueByte(value: number): void {
    this.buffer[this.length++] = FIELD_VALUE[value] === 0 ? QUESTION_MARK : value;
  }

  /** A request target of unknown origin: what no target may hold is percent-encoded as UTF-8. */
  target(text: string): void {
    this.reserve(text.length);
    for (let i = 0; i < text.length; i++) {
      const value = text.charCodeAt(i);
      if (value > 0x7f || TARGET[value] === 0) return this.escapedTarget(text, i);
      this.buffer[this.length++] = value;
    }
  }

  private escapedTarget(text: string, from: number): void {
    const encoded = Buffer.from(text.slice(from), "utf8");
    this.reserve(encoded.length * 3);
    for (const value of encoded) {
      if (TARGET[value] === 0) this.latin1(`%${DIGITS[value >> 4]}${DIGITS[value & 15]}`.toUpperCase());
      else this.buffer[this.length++] = value;
    }
  }

  private grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }
}
