import { writeChunk, writeLastChunk } from "../http1/body-writer.ts";
import { OutBuffer } from "../http1/out-buffer.ts";
import { Framing } from "../http1/parser-event.ts";

/** How much of a request's body has come, and, where it may have to be sent again, the bytes: up to a bound. */
export class RequestBody {
  readonly isChunked: boolean;
  /** Body bytes that have come. */
  bytes = 0;
  isComplete: boolean;
  #kept: OutBuffer | undefined;
  #isKeeping = false;
  readonly #replayBytes: number;

  constructor(framing: Framing, replayBytes: number) {
    this.isChunked = framing === Framing.Chunked;
    this.isComplete = framing === Framing.None;
    this.#replayBytes = replayBytes;
  }

  /** Keeps what comes from now on; without effect once bytes have passed by. */
  keepForReplay(): void {
    if (this.bytes === 0) this.#isKeeping = true;
  }

  /** All that has come so far could be sent once more. */
  get canReplay(): boolean {
    return this.bytes === 0 || this.#isKeeping;
  }

  append(buffer: Buffer, start: number, end: number): void {
    this.bytes += end - start;
    if (!this.#isKeeping) return;
    if (this.bytes > this.#replayBytes) {
      this.#isKeeping = false;
      this.#kept = undefined;
      return;
    }
    this.#kept ??= new OutBuffer(Math.min(this.#replayBytes, 4_096));
    this.#kept.bytes(buffer, start, end);
  }

  /** Writes body bytes in the request's framing. */
  write(out: OutBuffer, buffer: Buffer, start: number, end: number): void {
    if (this.isChunked) writeChunk(out, buffer, start, end);
    else out.bytes(buffer, start, end);
  }

  /** Writes what was kept of an earlier try. */
  replayTo(out: OutBuffer): void {
    const kept = this.#kept;
    if (kept !== undefined) this.write(out, kept.buffer, 0, kept.length);
    if (this.isComplete && this.isChunked) writeLastChunk(out, undefined);
  }
}
