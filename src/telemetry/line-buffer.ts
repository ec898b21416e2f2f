/** Writes a chunk some time and says when it is through, so that the next may come. Never blocks, never throws. */
export type ChunkSink = (chunk: string, onWritten: () => void) => void;

export interface LineBufferOptions {
  /** Lines beyond this many characters, waiting and being written together, are dropped. */
  readonly maxLength?: number;
  /** Calls back a little later, when lines may be written though they are few. */
  readonly schedule?: (flush: () => void) => void;
}

const MAX_LENGTH = 1024 * 1024;
/** So many characters are written at once without waiting for more. */
const FLUSH_LENGTH = 16 * 1024;
const FLUSH_AFTER_MS = 20;

/**
 * Lines on their way to a sink that may be slow: one chunk is written at a time, and what comes meanwhile waits, up to
 * a bound. Then lines are dropped whole and counted, so that a reader that stalls costs log lines and nothing else.
 */
export class LineBuffer {
  readonly #sink: ChunkSink;
  readonly #maxLength: number;
  readonly #schedule: (flush: () => void) => void;
  readonly #onWritten = (): void => this.#written();
  readonly #onTime = (): void => {
    this.#isScheduled = false;
    this.flush();
  };
  #waiting = "";
  #writingLength = 0;
  #isScheduled = false;
  #dropped = 0;
  #onDrained: (() => void)[] = [];

  constructor(sink: ChunkSink, options: LineBufferOptions = {}) {
    this.#sink = sink;
    this.#maxLength = options.maxLength ?? MAX_LENGTH;
    this.#schedule = options.schedule ?? later;
  }

  /** Lines dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes a line, with its line break. */
  write(line: string): void {
    if (this.#waiting.length + this.#writingLength + line.length > this.#maxLength) {
      this.#dropped++;
      return;
    }
    this.#waiting += line;
    if (this.#writingLength > 0) return;
    if (this.#waiting.length >= FLUSH_LENGTH) {
      this.flush();
    } else if (!this.#isScheduled) {
      this.#isScheduled = true;
      this.#schedule(this.#onTime);
    }
  }

  /** Writes what waits, unless a chunk is being written: then it follows that. */
  flush(): void {
    if (this.#writingLength > 0 || this.#waiting === "") return;
    const chunk = this.#waiting;
    this.#waiting = "";
    this.#writingLength = chunk.length;
    this.#sink(chunk, this.#onWritten);
  }

  /** Writes what waits and resolves when all is written; with a sink that stalls, never. */
  drained(): Promise<void> {
    this.flush();
    if (this.#writingLength === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onDrained.push(resolve));
  }

  #written(): void {
    this.#writingLength = 0;
    this.flush();
    if (this.#writingLength > 0) return;
    const waiting = this.#onDrained;
    this.#onDrained = [];
    for (const resolve of waiting) resolve();
  }
}

function later(flush: () => void): void {
  setTimeout(flush, FLUSH_AFTER_MS).unref();
}
