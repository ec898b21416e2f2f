import assert from "node:assert/strict";
import { writeChunk, writeChunkEnd, writeChunkHeader, writeLastChunk } from "../../src/http1/body-writer.ts";
import { OutBuffer } from "../../src/http1/out-buffer.ts";

function written(write: (out: OutBuffer) => void): string {
  const out = new OutBuffer(1);
  write(out);
  return out.view().toString("latin1");
}

describe("chunks", () => {
  const bytes = Buffer.alloc(70_000, "x");
  for (const size of [1, 9, 10, 15, 16, 255, 256, 65_536, 70_000]) {
    it(`of ${size} bytes`, () => {
      const text = written((out) => writeChunk(out, bytes, 0, size));
      assert.equal(text, `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`);
    });
  }

  it("of no bytes are not written: they would end the body", () => {
    assert.equal(
      written((out) => writeChunk(out, bytes, 5, 5)),
      "",
    );
  });

  it("of part of a buffer", () => {
    assert.equal(
      written((out) => writeChunk(out, Buffer.from("abcdef"), 2, 4)),
      "2\r\ncd\r\n",
    );
  });

  it("around data that goes another way", () => {
    const text = written((out) => {
      writeChunkHeader(out, 2 ** 40);
      writeChunkEnd(out);
    });
    assert.equal(text, "10000000000\r\n\r\n");
  });

  it("end with an empty chunk", () =>
    assert.equal(
      written((out) => writeLastChunk(out)),
      "0\r\n\r\n",
    ));
});
