import assert from "node:assert/strict";
import fc from "fast-check";
import { LineSplitter } from "../../src/kubernetes/line-splitter.ts";

function split(chunks: readonly Buffer[], maxBytes = 1_000): (string | undefined)[] {
  const lines: (string | undefined)[] = [];
  const splitter = new LineSplitter(maxBytes, (line) => lines.push(line));
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return lines;
}

/** Cuts bytes at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

describe("LineSplitter", () => {
  it("yields the lines, wherever chunks end", () => {
    const text = fc.string({ unit: "grapheme" }).map((line) => line.replaceAll("\n", ""));
    fc.assert(
      fc.property(fc.array(text), fc.array(fc.nat(500)), (lines, places) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
        const wanted = lines.filter((line) => line !== "");
        assert.deepEqual(
          split(cut(bytes, places), 100_000),
          wanted.map((line) => line.toWellFormed()),
        );
      }),
    );
  });

  it("yields a last line without a break", () => {
    assert.deepEqual(split([Buffer.from("one\ntw"), Buffer.from("o")]), ["one", "two"]);
  });

  it("yields undefined for a line over the limit, and goes on behind it", () => {
    const chunks = ["123", "45\n12", "34", "56", "78\n12", "345\n123456"].map((text) => Buffer.from(text));
    assert.deepEqual(split(chunks, 5), ["12345", undefined, "12345", undefined]);
  });
});
