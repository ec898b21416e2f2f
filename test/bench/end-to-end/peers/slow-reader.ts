import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

const CHUNK = Buffer.alloc(256 * 1_024, "x");
/** How much is read between two rests, and how long those are: about 300 MB/s, far below what a proxy carries. */
const READ_BETWEEN_RESTS = 4 * 1_024 * 1_024;
const REST_MS = 10;
/** In the middle comes one long rest, in which everything that can fill up does. */
const LONG_REST_MS = 2_000;

/** Writes as fast as it is taken, and ends. */
export async function writeAll(stream: Writable, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; left -= CHUNK.length) {
    if (!stream.write(CHUNK.subarray(0, Math.min(left, CHUNK.length)))) await once(stream, "drain");
  }
  stream.end();
}

/** Reads to the end with rests; says how much came. */
export async function readSlowly(stream: Readable, expected: number): Promise<number> {
  let total = 0;
  let untilRest = READ_BETWEEN_RESTS;
  let isRested = false;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    total += chunk.length;
    untilRest -= chunk.length;
    if (untilRest > 0) continue;
    untilRest = READ_BETWEEN_RESTS;
    const isMiddle: boolean = !isRested && total >= expected / 2;
    isRested ||= isMiddle;
    await sleep(isMiddle ? LONG_REST_MS : REST_MS);
  }
  return total;
}
