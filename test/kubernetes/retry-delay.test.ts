import assert from "node:assert/strict";
import fc from "fast-check";
import { retryDelayMs } from "../../src/kubernetes/retry-delay.ts";

describe("retryDelayMs", () => {
  const cases = [
    { failures: 1, random: 0, wanted: 100 },
    { failures: 2, random: 0, wanted: 200 },
    { failures: 3, random: 0.5, wanted: 600 },
    { failures: 100, random: 0, wanted: 15_000 },
    { failures: 1, random: 0, retryAfterSeconds: 7, wanted: 7_000 },
    { failures: 1, random: 0.5, retryAfterSeconds: 8, wanted: 9_000 },
    { failures: 9, random: 0, retryAfterSeconds: 1, wanted: 15_000 },
    { failures: 1, random: 0, retryAfterSeconds: 100_000, wanted: 300_000 },
  ];
  for (const { wanted, ...input } of cases) {
    it(`is ${wanted} ms for ${JSON.stringify(input)}`, () => assert.equal(retryDelayMs(input), wanted));
  }

  it("stays between 100 ms and 30 s where the server asks for nothing", () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), random, (failures, drawn) => {
        const delay = retryDelayMs({ failures, random: drawn });
        assert.ok(delay >= 100 && delay <= 30_000);
      }),
    );
  });
});
