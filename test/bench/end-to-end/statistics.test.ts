import assert from "node:assert/strict";
import { spreadOf } from "./statistics.ts";

describe("spreadOf", () => {
  const cases = [
    { figures: [3], median: 3, min: 3, max: 3 },
    { figures: [9, 1, 5], median: 5, min: 1, max: 9 },
    { figures: [10, 2, 4, 100], median: 7, min: 2, max: 100 },
    { figures: [], median: Number.NaN, min: Number.NaN, max: Number.NaN },
  ];
  for (const { figures, ...expected } of cases) {
    it(`of ${figures.length} figures`, () => assert.deepEqual(spreadOf(figures), expected));
  }
});
