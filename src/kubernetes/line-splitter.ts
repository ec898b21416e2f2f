const LINE_FEED = 0x0a;

/**
 * Cuts a stream of bytes into lines. Each line is decoded whole, so that no character is torn where chunks meet, and
 * into a string of its own, so that nothing kept of it keeps its chunk alive.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #onLine: (line: string | undefined) => void;
  #parts: Buffer[] = [];
  #length = 0;

  /** `onLine` gets undefined for a line that is longer than `maxBytes`. Empty lines are left out. */
  constructor(maxBytes: number, onLine: (line: string | undefined) => void) {
    this.#maxBytes = maxBytes;
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      this.#add(chunk, start, end);
      this.#endLine();
      start = end + 1;
    }
    this.#add(chunk, start, chunk.length);
  }

  /** The last line, if no line break ended it. */
  end(): void {
    this.#endLine();
  }

  #add(chunk: Buffer, start: number, end: number): void {
    if (start === end) return;
    this.#length += end - start;
    if (this.#length > this.#maxBytes) this.#parts = [];
    else this.#parts.push(chunk.subarray(start, end));
  }

  #endLine(): void {
    const length = this.#length;
    const parts = this.#parts;
    this.#parts = [];
    this.#length = 0;
    if (length > this.#maxBytes) this.#onLine(undefined);
    else if (length > 0) this.#onLine(textOf(parts));
  }
}

export function textOf(parts: readonly Buffer[]): string {
  const [first] = parts;
  return (parts.length === 1 && first !== undefined ? first : Buffer.concat(parts)).toString("utf8");
}
