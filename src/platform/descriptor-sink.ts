import { write } from "node:fs";

/** What is needed of `fs.write`. */
export type DescriptorWrite = (
  descriptor: number,
  bytes: Uint8Array,
  onDone: (error: NodeJS.ErrnoException | null, written: number) => void,
) => void;

const AGAIN_AFTER_MS = 10;

/**
 * A sink for chunks of text that writes to a file descriptor off the event loop: `process.stdout` blocks the whole
 * process while nobody reads the pipe behind it (https://nodejs.org/api/process.html#a-note-on-process-io). One chunk
 * at a time: the next may come when `onWritten` was called. A chunk that can't be written because the other end is gone
 * is lost.
 */
export function descriptorSink(
  descriptor: number,
  writeSome: DescriptorWrite = write,
): (chunk: string, onWritten: () => void) => void {
  return (chunk, onWritten) => writeAll(descriptor, Buffer.from(chunk), writeSome, onWritten);
}

function writeAll(
  descriptor: number,
  bytes: Uint8Array,
  writeSome: DescriptorWrite,
  onWritten: () => void,
): void {
  writeSome(descriptor, bytes, (error, written) => {
    if (error?.code === "EAGAIN") {
      // The pipe is full and was made non-blocking, maybe by another process that shares it.
      setTimeout(() => writeAll(descriptor, bytes, writeSome, onWritten), AGAIN_AFTER_MS);
      return;
    }
    const rest = error === null ? bytes.subarray(written) : bytes.subarray(0, 0);
    if (rest.length === 0) onWritten();
    else writeAll(descriptor, rest, writeSome, onWritten);
  });
}
