import type { FieldTable } from "./field-table.ts";
import { writeTrailerFields } from "./field-writer.ts";
import type { OutBuffer } from "./out-buffer.ts";

/**
 * Appends the line before a chunk. The size must not be 0: that would end the body. Its data and `\r\n` must follow.
 */
export function writeChunkHeader(out: OutBuffer, size: number): void {
  out.hexadecimal(size);
  writeChunkEnd(out);
}

/** Appends the line end behind a chunk's data. */
export function writeChunkEnd(out: OutBuffer): void {
  out.reserve(2);
  out.buffer[out.length++] = 0x0d;
  out.buffer[out.length++] = 0x0a;
}

/** Appends the bytes from `start` to `end` as one chunk without extensions; nothing when there are none. */
export function writeChunk(out: OutBuffer, source: Buffer, start: number, end: number): void {
  if (start === end) return;
  writeChunkHeader(out, end - start);
  out.bytes(source, start, end);
  writeChunkEnd(out);
}

/**
 * Appends the end of a chunked body.
 * @param trailers fields to send behind it, as far as they may be passed on. To a client only when it takes them
 *   (`acceptsTrailers`).
 */
export function writeLastChunk(out: OutBuffer, trailers?: FieldTable): void {
  out.latin1("0\r\n");
  if (trailers !== undefined) writeTrailerFields(out, trailers);
  writeChunkEnd(out);
}
