import { writeChunk, writeLastChunk } from "../http1/body-writer.ts";
import type { FieldTable } from "../http1/field-table.ts";
import { OutBuffer } from "../http1/out-buffer.ts";
import { Framing } from "../http1/parser-event.ts";
import type { RequestHead } from "../http1/request-head.ts";

/** How much of a request's body has come, and, where it may have to be sent again, the bytes: up to a bound. */
export class RequestBody {
  readonly isChunked: boolean;
  /** Body bytes that have come. */
  bytes = 0;
  isComplete: boolean;
  #kept: OutBuffer | undefined;
  /** The end of a chunked body that has trailers, as it is sent. */
  #keptEnd: OutBuffer | undefined;
  #isKeeping = false;
  /** Its length is known, and is within the bound. */
  readonly isShort: boolean;
  readonly #isTooLarge: boolean;
  /** How long it is, where that is known and the client sends it without being asked to. */
  readonly #sureLength: number | undefined;
  readonly #replayBytes: number;

  constructor({ framing, contentLength, expectsContinue }: RequestHead, replayBytes: number) {
    this.isChunked = framing === Framing.Chunked;
    this.isComplete = framing === Framing.None;
    this.#isTooLarge = framing === Framing.Length && contentLength > replayBytes;
    this.isShort = !this.isChunked && !this.#isTooLarge;
    this.#sureLength = framing === Framing.Length && !expectsContinue ? contentLength : undefined;
    this.#replayBytes = replayBytes;
  }

  /** What is left of it is short and on its way: reading past it beats closing the client's connection. */
  canSkip(limitBytes: number): boolean {
    return this.isComplete || (this.#sureLength !== undefined && this.#sureLength <= limitBytes);
  }

  /** Keeps what comes from now on; without effect once bytes have passed by. */
  keepForReplay(): void {
    if (this.bytes === 0 && !this.#isTooLarge) this.#isKeeping = true;
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

  /** The end of the request was read. */
  complete(trailers: FieldTable | undefined): void {
    this.isComplete = true;
    if (trailers === undefined || !this.canReplay) return;
    this.#keptEnd = new OutBuffer(256);
    writeLastChunk(this.#keptEnd, trailers);
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
    if (!this.isComplete || !this.isChunked) return;
    const keptEnd = this.#keptEnd;
    if (keptEnd === undefined) writeLastChunk(out);
    else out.bytes(keptEnd.buffer, 0, keptEnd.length);
  }
}
