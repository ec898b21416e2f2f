import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Criterion, Ranked } from "../../../src/routing/matching/precedence.ts";
import { comparePrecedence, decidingCriterion } from "../../../src/routing/matching/precedence.ts";

const ranked = fc.record<Ranked>({
  pathKind: fc.constantFrom("exact", "regex", "prefix", "never"),
  pathLength: fc.nat(3),
  hasMethod: fc.boolean(),
  headerCount: fc.nat(2),
  queryCount: fc.nat(2),
  order: fc.nat(9),
});

const plain: Ranked = {
  pathKind: "prefix",
  pathLength: 1,
  hasMethod: false,
  headerCount: 0,
  queryCount: 0,
  order: 5,
};

describe("comparePrecedence", () => {
  // Each case gives the loser everything that ranks lower than what decides.
  const all = { hasMethod: true, headerCount: 2, queryCount: 2, order: 0 };
  const cases: readonly { name: string; winner: Ranked; loser: Ranked; by: Criterion }[] = [
    {
      name: "an Exact path before a regular expression",
      winner: { ...plain, pathKind: "exact" },
      loser: { ...plain, ...all, pathKind: "regex", pathLength: 9 },
      by: "pathKind",
    },
    {
      name: "a regular expression before a prefix",
      winner: { ...plain, pathKind: "regex" },
      loser: { ...plain, ...all, pathLength: 9 },
      by: "pathKind",
    },
    {
      name: "a longer prefix before everything else",
      winner: { ...plain, pathLength: 2 },
      loser: { ...plain, ...all },
      by: "pathLength",
    },
    {
      name: "a longer expression",
      winner: { ...plain, pathKind: "regex", pathLength: 2 },
      loser: { ...plain, ...all, pathKind: "regex" },
      by: "pathLength",
    },
    {
      name: "a method before headers",
      winner: { ...plain, hasMethod: true },
      loser: { ...plain, ...all, hasMethod: false },
      by: "method",
    },
    {
      name: "more headers before more query parameters",
      winner: { ...plain, headerCount: 1 },
      loser: { ...plain, queryCount: 2, order: 0 },
      by: "headers",
    },
    {
      name: "more query parameters before an older route",
      winner: { ...plain, queryCount: 1 },
      loser: { ...plain, order: 0 },
      by: "queryParams",
    },
    { name: "the first in order at last", winner: plain, loser: { ...plain, order: 6 }, by: "order" },
  ];
  for (const c of cases) {
    it(`puts ${c.name}`, () => {
      assert.ok(comparePrecedence(c.winner, c.loser) < 0);
      assert.ok(comparePrecedence(c.loser, c.winner) > 0);
      assert.equal(decidingCriterion(c.winner, c.loser), c.by);
      assert.equal(decidingCriterion(c.loser, c.winner), c.by);
    });
  }

  it("is antisymmetric", () => {
    fc.assert(
      fc.property(ranked, ranked, (a, b) => {
        assert.equal(Math.sign(comparePrecedence(a, b)) + Math.sign(comparePrecedence(b, a)), 0);
      }),
    );
  });

  it("is transitive", () => {
    fc.assert(
      fc.property(ranked, ranked, ranked, (a, b, c) => {
        const isChain = comparePrecedence(a, b) <= 0 && comparePrecedence(b, c) <= 0;
        assert.ok(!isChain || comparePrecedence(a, c) <= 0);
      }),
    );
  });

  it("ties only what has the same place", () => {
    fc.assert(
      fc.property(ranked, ranked, (a, b) => {
        assert.ok(a.order === b.order || comparePrecedence(a, b) !== 0);
      }),
    );
  });
});
