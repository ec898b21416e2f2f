import assert from "node:assert/strict";
import * as fc from "fast-check";
import { backoffMs, DEFAULT_BACKOFF_MS } from "../../src/balancing/backoff.ts";

describe("backoffMs", () => {
  const cases = [
    { name: "the first retry, least", base: 100, attempt: 1, random: 0, expect: 100 },
    { name: "the first retry, half", base: 100, attempt: 1, random: 0.5, expect: 150 },
    { name: "the second retry, least", base: 100, attempt: 2, random: 0, expect: 200 },
    { name: "the third retry, half", base: 100, attempt: 3, random: 0.5, expect: 600 },
    { name: "the cap, least", base: 100, attempt: 40, random: 0, expect: 500 },
    { name: "the default", base: DEFAULT_BACKOFF_MS, attempt: 1, random: 0, expect: 25 },
    { name: "none", base: 0, attempt: 3, random: 0.9, expect: 0 },
  ];
  for (const c of cases) {
    it(c.name, () => assert.equal(backoffMs(c.base, c.attempt, c.random), c.expect));
  }

  it("stays between the base and ten times the base", () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60_000 }),
        fc.integer({ min: 1, max: 2_000 }),
        random,
        (base, attempt, r) => {
          const wait = backoffMs(base, attempt, r);
          assert.ok(wait >= base && wait <= base * 10);
        },
      ),
    );
  });
});
