import assert from "node:assert/strict";
import fc from "fast-check";
import { type ObservedRoute, readObservedRoute } from "../../../src/controller/status/observed-route.ts";
import { planStatus } from "../../../src/controller/status/plan-status.ts";
import { foreignText } from "./fake-api.ts";
import { foreignEntry, routeStatus, type StatusSpec } from "./statuses.ts";
import { WriterFixture } from "./writer-fixture.ts";

const name = fc.constantFrom("a", "b", "c", "!d", "e");
const place = fc.nat(6);

/** What happens to a route, in any order. */
type Step =
  | {
      readonly kind: "foreign";
      readonly at: number;
      readonly removes: number;
      readonly adds: string | undefined;
    }
  | { readonly kind: "reverse" }
  | { readonly kind: "spec"; readonly parents: readonly string[]; readonly isResolved: boolean }
  | { readonly kind: "judge" }
  | { readonly kind: "watch"; readonly back: number }
  | { readonly kind: "race"; readonly at: number }
  | { readonly kind: "down" }
  | { readonly kind: "newLeader" }
  | { readonly kind: "pass"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("foreign" as const),
    at: place,
    removes: fc.nat(2),
    adds: fc.option(fc.constantFrom("x", "y", "z"), { nil: undefined }),
  }),
  fc.constant({ kind: "reverse" } as const),
  fc.record({
    kind: fc.constant("spec" as const),
    parents: fc.uniqueArray(name, { maxLength: 4 }),
    isResolved: fc.boolean(),
  }),
  fc.constant({ kind: "judge" } as const),
  fc.record({ kind: fc.constant("watch" as const), back: fc.nat(2) }),
  fc.record({ kind: fc.constant("race" as const), at: place }),
  fc.constantFrom({ kind: "down" } as const, { kind: "newLeader" } as const),
  fc.record({ kind: fc.constant("pass" as const), ms: fc.constantFrom(1, 40, 150, 1_500) }),
);

class Interleaving {
  readonly fixture = new WriterFixture();
  readonly #history: ObservedRoute[] = [];
  #spec: StatusSpec = { parents: [], generation: 1 };

  constructor() {
    this.fixture.api.put("r", 1);
    this.fixture.lead();
    this.remember();
  }

  async take(step: Step): Promise<void> {
    const { fixture } = this;
    switch (step.kind) {
      case "foreign":
        return this.#edit(step.at, step.removes, step.adds);
      case "reverse": {
        const raw = fixture.raw("r");
        raw.status?.parents?.reverse();
        return this.#changed();
      }
      case "spec": {
        const raw = fixture.raw("r");
        raw.metadata.generation++;
        this.#spec = { ...step, generation: raw.metadata.generation };
        return this.#changed();
      }
      case "judge":
        return fixture.want("r", this.wanted());
      case "watch": {
        const seen = this.#history.at(-1 - step.back);
        if (seen !== undefined) fixture.writer.observe("HTTPRoute", "default/r", seen);
        return;
      }
      case "race":
        fixture.api.before = () => {
          fixture.api.before = undefined;
          this.#edit(step.at, 1, "race");
          return undefined;
        };
        return;
      case "down":
        fixture.api.before = () => {
          fixture.api.before = undefined;
          return { kind: "failed", message: "down" };
        };
        return;
      case "newLeader":
        await fixture.resign();
        return fixture.lead();
      case "pass":
        await fixture.clock.pass(step.ms);
        this.remember();
    }
  }

  wanted(): ReturnType<typeof routeStatus> {
    return routeStatus(this.#spec);
  }

  remember(): void {
    const seen = readObservedRoute(this.fixture.raw("r"), "HTTPRoute");
    assert.ok(seen !== undefined);
    this.#history.push(seen);
  }

  /** Somebody without manners: takes entries of ours away, too. */
  #edit(at: number, removes: number, adds: string | undefined): void {
    const raw = this.fixture.raw("r");
    raw.status ??= {};
    raw.status.parents ??= [];
    raw.status.parents.splice(at, removes, ...(adds === undefined ? [] : [foreignEntry(adds)]));
    this.#changed();
  }

  #changed(): void {
    this.fixture.api.touch(this.fixture.raw("r"));
    this.remember();
  }
}

describe("StatusWriter, whatever happens", () => {
  it("never changes what others wrote, comes to say what it shall, and then rests", async () => {
    await fc.assert(
      // FakeApi checks each patch for what it does to others.
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const run = new Interleaving();
        for (const each of steps) await run.take(each);
        const { fixture } = run;
        const foreign = foreignText(fixture.raw("r"));
        fixture.api.before = undefined;
        fixture.want("r", run.wanted());
        // In hundredths of the longest pause that a fight can have led to.
        for (let i = 0; i < 20; i++) {
          fixture.watched("r");
          fixture.clock.advance(20_000);
          await fixture.clock.pass(200);
        }
        const observed = readObservedRoute(fixture.raw("r"), "HTTPRoute");
        assert.ok(observed !== undefined);
        const plan = planStatus(observed, run.wanted(), { now: "" });
        assert.deepEqual(plan, { kind: "nothing", omitted: 0 });
        assert.equal(foreignText(fixture.raw("r")), foreign);
        const { length } = fixture.api.patches;
        fixture.watched("r");
        await fixture.clock.pass(1_000);
        assert.equal(fixture.api.patches.length, length);
        await fixture.resign();
        assert.equal(fixture.clock.timers, 0);
      }),
      { numRuns: 300 },
    );
  }).timeout(60_000);
});
