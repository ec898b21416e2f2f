import assert from "node:assert/strict";
import { Dice } from "../support/dice.ts";
import { fuzzOnce, noCounts } from "./differential.ts";

describe("the matcher, against one written from the specification", () => {
  // A short run of test/fuzz/routing.fuzz.ts; the seeds are fixed, so that it fails for a reason only.
  for (const seed of [1, 2, 3, 4]) {
    it(`agrees with it (seed ${seed})`, () => {
      const counts = noCounts();
      const dice = new Dice(seed);
      for (let round = 0; round < 200; round += 1) fuzzOnce(dice, counts);
      assert.ok(counts.matched > 500, `only ${counts.matched} requests matched`);
      assert.ok(counts.permuted > 500, `only ${counts.permuted} requests without a tie`);
    });
  }
});
