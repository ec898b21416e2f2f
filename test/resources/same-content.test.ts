import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { isSameContent } from "../../src/resources/same-content.ts";

describe("isSameContent", () => {
  it("agrees with the platform on plain data", () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(value, value, (one, other) => {
        assert.equal(isSameContent(one, other), isDeepStrictEqual(one, other));
        assert.equal(isSameContent(one, structuredClone(one)), true);
      }),
      { numRuns: 1000 },
    );
  });

  const different: readonly (readonly [unknown, unknown])[] = [
    [{ a: 1 }, { b: 1 }],
    [{ a: 1 }, { a: 1, b: undefined }],
    [{ a: undefined }, { b: undefined }],
    [[1], { 0: 1 }],
    [{}, []],
    [null, {}],
    [undefined, null],
    [{ toString: 1 }, {}],
    ["1", 1],
  ];
  for (const [one, other] of different) {
    it(`tells ${JSON.stringify(one)} from ${JSON.stringify(other)}`, () => {
      assert.equal(isSameContent(one, other), false);
      assert.equal(isSameContent(other, one), false);
    });
  }

  it("does not mind prototypes", () => {
    assert.equal(isSameContent(Object.assign(Object.create(null) as object, { a: 1 }), { a: 1 }), true);
  });
});
