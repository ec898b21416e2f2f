import assert from "node:assert/strict";
import { shouldMirror } from "../../src/routing/mirror.ts";

describe("shouldMirror", () => {
  const cases: readonly { numerator: number; denominator: number; random: number; expected: boolean }[] = [
    { numerator: 100, denominator: 100, random: 1 - 2 ** -53, expected: true },
    { numerator: 0, denominator: 100, random: 0, expected: false },
    { numerator: 20, denominator: 100, random: 0.19, expected: true },
    { numerator: 20, denominator: 100, random: 0.2, expected: false },
    { numerator: 1, denominator: 3, random: 0.33, expected: true },
    { numerator: 1, denominator: 3, random: 0.34, expected: false },
  ];
  for (const c of cases) {
    it(`${c.numerator}/${c.denominator} at ${c.random}: ${c.expected ? "yes" : "no"}`, () => {
      assert.equal(shouldMirror(c, c.random), c.expected);
    });
  }
});
