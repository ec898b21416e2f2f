import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { BoundBackendRef } from "../../src/binding/frontend.ts";
import { compileFrontend } from "../../src/routing/compile-frontend.ts";
import type { CompiledBackend, ForwardAction } from "../../src/routing/compiled-rule.ts";
import { pickBackend } from "../../src/routing/pick-backend.ts";
import { backendRef, frontendOf, routeOf, ruleOf } from "./route-fixtures.ts";

function forwardOf(backends: readonly BoundBackendRef[]): ForwardAction {
  const action = compileFrontend(frontendOf([routeOf([ruleOf("r", { backends })])])).onlyRule?.action;
  assert.equal(action?.kind, "forward");
  return action;
}

function nameOf({ target }: CompiledBackend): string {
  return target.kind === "backend" ? target.name : target.message;
}

const gone: BoundBackendRef = {
  target: { kind: "Invalid", reason: "BackendNotFound", message: "gone" },
  weight: 30,
  filters: [],
};
const PARTS = 1000;

/** How many of a thousand evenly spread random numbers pick each backend. */
function shares(action: ForwardAction): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let index = 0; index < PARTS; index += 1) {
    const name = nameOf(pickBackend(action, index / PARTS));
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

describe("pickBackend", () => {
  const cases: readonly {
    name: string;
    backends: readonly BoundBackendRef[];
    expected: Record<string, number>;
  }[] = [
    { name: "the only one", backends: [backendRef("a", 5)], expected: { a: 1000 } },
    { name: "70 to 30", backends: [backendRef("a", 70), backendRef("b", 30)], expected: { a: 700, b: 300 } },
    {
      name: "nothing to a weight of zero",
      backends: [
        backendRef("z", 0),
        backendRef("a", 1),
        backendRef("y", 0),
        backendRef("b", 1),
        backendRef("x", 0),
      ],
      expected: { a: 500, b: 500 },
    },
    {
      name: "its share to an invalid one",
      backends: [backendRef("a", 70), gone],
      expected: { a: 700, gone: 300 },
    },
    { name: "everything to the only one, though invalid", backends: [gone], expected: { gone: 1000 } },
    {
      name: "a failure where all weights are zero",
      backends: [backendRef("a", 0), { ...gone, weight: 0 }],
      expected: { "the weights of all backendRefs are zero": 1000 },
    },
  ];
  for (const c of cases) {
    it(`gives ${c.name}`, () => {
      assert.deepEqual(shares(forwardOf(c.backends)), c.expected);
    });
  }

  it("gives the last one for the largest random number", () => {
    const largest = 1 - 2 ** -53;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1e6 }), { minLength: 1, maxLength: 16 }), (weights) => {
        const action = forwardOf(weights.map((weight, index) => backendRef(`b${index}`, weight)));
        assert.equal(nameOf(pickBackend(action, largest)), `b${weights.length - 1}`);
        assert.equal(nameOf(pickBackend(action, 0)), "b0");
      }),
    );
  });
});
