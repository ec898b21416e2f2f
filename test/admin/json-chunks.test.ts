import assert from "node:assert/strict";
import fc from "fast-check";
import { jsonChunks } from "../../src/admin/json-chunks.ts";

describe("jsonChunks", () => {
  it("writes what JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.equal([...jsonChunks(value)].join(""), `${JSON.stringify(value, undefined, 2)}\n`);
      }),
    );
  });

  it("writes maps as objects, and leaves out what is undefined", () => {
    const value = { a: undefined, b: new Map([["k", [undefined]]]), c: new Map() };
    assert.equal(
      [...jsonChunks(value)].join(""),
      '{\n  "b": {\n    "k": [\n      null\n    ]\n  },\n  "c": {}\n}\n',
    );
  });

  it("writes iterators as lists, and asks them for no more than is taken", () => {
    let asked = 0;
    const items = Iterator.from({
      *[Symbol.iterator]() {
        for (; asked < 20_000; asked++) yield { asked };
      },
    });
    const chunks = jsonChunks({ items });
    assert.ok(String(chunks.next().value).startsWith('{\n  "items": [\n    {\n      "asked": 0\n    },'));
    assert.ok(asked > 100 && asked < 2_000, String(asked));
    assert.equal([...jsonChunks([].values())].join(""), "[]\n");
  });

  it("cuts what is large into pieces of about 16 K", () => {
    const pieces = [...jsonChunks(Array.from({ length: 20_000 }, (_, index) => ({ index })))];
    assert.ok(pieces.length > 20, String(pieces.length));
    assert.ok(Math.max(...pieces.map((piece) => piece.length)) < 17_000);
  });
});
