import assert from "node:assert/strict";
import * as fc from "fast-check";
import { LineBuffer } from "../../src/telemetry/line-buffer.ts";

/** A sink whose writes end when the test says so, and a clock that strikes when the test says so. */
function aBuffer(maxLength?: number) {
  const chunks: string[] = [];
  const ends: (() => void)[] = [];
  const timers: (() => void)[] = [];
  const buffer = new LineBuffer(
    (chunk, onWritten) => {
      chunks.push(chunk);
      ends.push(onWritten);
    },
    { schedule: (flush) => timers.push(flush), ...(maxLength === undefined ? {} : { maxLength }) },
  );
  return { buffer, chunks, timers, finish: () => ends.shift()?.(), strike: () => timers.shift()?.() };
}

describe("LineBuffer", () => {
  it("gathers the lines of a moment", () => {
    const { buffer, chunks, timers, strike } = aBuffer();
    buffer.write("a\n");
    buffer.write("b\n");
    assert.deepEqual(chunks, []);
    assert.equal(timers.length, 1);
    strike();
    assert.deepEqual(chunks, ["a\nb\n"]);
  });

  it("writes many at once without waiting", () => {
    const { buffer, chunks, strike } = aBuffer();
    buffer.write("a\n");
    buffer.write(`${"x".repeat(16_384)}\n`);
    assert.equal(chunks.length, 1);
    strike();
    assert.equal(chunks.length, 1);
  });

  it("has one chunk on its way, and lets the rest follow", () => {
    const { buffer, chunks, timers, finish, strike } = aBuffer();
    buffer.write("a\n");
    strike();
    buffer.write("b\n");
    buffer.write("c\n");
    buffer.flush();
    assert.deepEqual([chunks, timers.length], [["a\n"], 0]);
    finish();
    assert.deepEqual(chunks, ["a\n", "b\nc\n"]);
    finish();
    buffer.write("d\n");
    assert.equal(timers.length, 1);
  });

  it("drops whole lines and counts them when nobody reads", () => {
    const { buffer, chunks, finish, strike } = aBuffer(10);
    buffer.write("aaaa\n");
    strike();
    buffer.write("bbbb\n");
    buffer.write("cccc\n");
    buffer.write("d\n");
    assert.equal(buffer.dropped, 2);
    finish();
    buffer.write("e\n");
    finish();
    finish();
    assert.deepEqual(chunks, ["aaaa\n", "bbbb\n", "e\n"]);
    buffer.write("longer than all\n");
    assert.equal(buffer.dropped, 3);
  });

  it("tells when all is written", async () => {
    const { buffer, chunks, finish, strike } = aBuffer();
    await buffer.drained();
    buffer.write("a\n");
    strike();
    buffer.write("b\n");
    let isDrained = false;
    const drained = buffer.drained().then(() => {
      isDrained = true;
    });
    finish();
    await Promise.resolve();
    assert.equal(isDrained, false);
    finish();
    await drained;
    assert.deepEqual(chunks, ["a\n", "b\n"]);
  });

  it("works with a sink that is done at once, and with its own timer", async () => {
    const chunks: string[] = [];
    await new Promise<void>((resolve) => {
      const buffer = new LineBuffer((chunk, onWritten) => {
        chunks.push(chunk);
        onWritten();
        if (chunks.length === 2) resolve();
      });
      buffer.write("a\n");
      buffer.flush();
      buffer.write("b\n");
    });
    assert.deepEqual(chunks, ["a\n", "b\n"]);
  });

  it("keeps the order, loses nothing that it does not count, and stays in its bound", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("write" as const), length: fc.integer({ min: 1, max: 30 }) }),
      fc.record({ kind: fc.constantFrom("finish" as const, "strike" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { buffer, chunks, finish, strike } = aBuffer(50);
        let written = 0;
        for (const [index, each] of steps.entries()) {
          if (each.kind === "finish") finish();
          if (each.kind === "strike") strike();
          if (each.kind === "write") {
            written++;
            buffer.write(`${index}${"x".repeat(each.length)}\n`);
          }
        }
        strike();
        for (let index = 0; index < steps.length; index++) finish();
        buffer.flush();
        assert.ok(chunks.every((chunk) => chunk.length <= 50));
        const lines = chunks.join("").split("\n").slice(0, -1);
        assert.equal(lines.length + buffer.dropped, written);
        const numbers = lines.map((line) => Number.parseInt(line, 10));
        assert.deepEqual(
          numbers,
          [...numbers].sort((a, b) => a - b),
        );
      }),
    );
  });
});
