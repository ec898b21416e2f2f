import assert from "node:assert/strict";
import { fuzzOnce, noCounts } from "./differential.ts";
import { NodeOracle } from "./node-oracle.ts";

const CASES = 1_000;
const BATCH = 50;

describe("the codec against node:http", () => {
  it(`agrees on ${CASES} random connections (test/fuzz/http1.fuzz.ts goes on for longer)`, async () => {
    await using oracle = await NodeOracle.start();
    const counts = noCounts();
    for (let first = 0; first < CASES; first += BATCH) {
      await Promise.all(Array.from({ length: BATCH }, (_, index) => fuzzOnce(first + index, oracle, counts)));
    }
    assert.ok(counts.accepted > CASES / 4, `only ${counts.accepted} connections were accepted`);
  }).timeout(20_000);
});
