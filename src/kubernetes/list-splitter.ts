import { textOf } from "./line-splitter.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const ITEMS = Buffer.from("items");

/** Depth inside of the list object, and inside of its array of items. */
const IN_LIST = 1;
const IN_ITEMS = 2;

/**
 * Cuts the JSON text of a list (`{"metadata": …, "items": [ … ]}`) into the texts of its items and the rest, as it
 * arrives: a list of any size takes the memory of its largest item. What is no such list comes out as rest; whether
 * items and rest are good JSON is for their parser to say.
 */
export class ListSplitter {
  readonly #maxBytes: number;
  readonly #onItem: (text: string | undefined) => void;
  /** Where, in the chunk at hand, that begins which is not put aside yet. */
  #start = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isInItems = false;
  /** How many letters of `items` the string at hand has so far; -1 once it is another. */
  #letters = -1;
  #parts: Buffer[] = [];
  #length = 0;
  readonly #rest: Buffer[] = [];
  #restLength = 0;

  /** `onItem` gets undefined for an item that is larger than `maxBytes`. */
  constructor(maxBytes: number, onItem: (text: string | undefined) => void) {
    this.#maxBytes = maxBytes;
    this.#onItem = onItem;
  }

  push(chunk: Buffer): void {
    this.#start = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] ?? 0;
      if (this.#isInString) this.#stringByte(byte);
      else if (byte === QUOTE) this.#startString();
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#open(chunk, i, byte === OPEN_BRACKET);
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#close(chunk, i);
      else if (byte === COMMA && this.#depth === IN_LIST) this.#letters = -1;
    }
    if (!this.#isInItems) this.#addRest(chunk, chunk.length);
    else if (this.#depth > IN_ITEMS) this.#add(chunk, chunk.length);
  }

  /** What is not items: the list with `"items":[]`. Undefined if it is larger than an item may be. */
  end(): string | undefined {
    return this.#restLength > this.#maxBytes ? undefined : textOf(this.#rest);
  }

  get #isItemsKey(): boolean {
    return this.#letters === ITEMS.length;
  }

  #open(chunk: Buffer, at: number, isArray: boolean): void {
    if (isArray && this.#depth === IN_LIST && this.#isItemsKey) {
      this.#addRest(chunk, at + 1);
      this.#isInItems = true;
    } else if (this.#isInItems && this.#depth === IN_ITEMS) this.#start = at;
    this.#depth++;
  }

  #close(chunk: Buffer, at: number): void {
    this.#depth--;
    if (!this.#isInItems) return;
    if (this.#depth === IN_ITEMS) {
      this.#add(chunk, at + 1);
      this.#endItem();
    } else if (this.#depth === IN_LIST) {
      this.#isInItems = false;
      this.#start = at;
    }
  }

  #startString(): void {
    this.#isInString = true;
    if (this.#depth === IN_LIST) this.#letters = 0;
  }

  #stringByte(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) {
      this.#isInString = false;
      return;
    }
    if (this.#depth !== IN_LIST || this.#letters < 0) return;
    this.#letters = byte === ITEMS[this.#letters] ? this.#letters + 1 : -1;
  }

  #add(chunk: Buffer, end: number): void {
    this.#length += end - this.#start;
    if (this.#length > this.#maxBytes) this.#parts = [];
    else this.#parts.push(chunk.subarray(this.#start, end));
  }

  #addRest(chunk: Buffer, end: number): void {
    if (this.#start === end) return;
    this.#restLength += end - this.#start;
    if (this.#restLength <= this.#maxBytes) this.#rest.push(chunk.subarray(this.#start, end));
  }

  #endItem(): void {
    const text = this.#length > this.#maxBytes ? undefined : textOf(this.#parts);
    this.#parts = [];
    this.#length = 0;
    this.#onItem(text);
  }
}
