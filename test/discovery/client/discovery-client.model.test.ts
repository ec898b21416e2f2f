import assert from "node:assert/strict";
import fc from "fast-check";
import { ClientHarness, type ScriptedStream, StubStore, wrong } from "./client-harness.ts";

/**
 * A controller that tells the truth, late and in pieces, over streams that come and go, and a client that is dialled
 * through at random. What the client has in force is held against what it was told.
 */

const FRONTENDS = ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"];
const BACKENDS = ["a", "b", "c", "d"];

interface Frontend {
  readonly version: string;
  readonly backends: readonly string[];
}

type Step =
  | { readonly kind: "learn"; readonly at: number }
  | { readonly kind: "forget"; readonly at: number }
  | { readonly kind: "frontend"; readonly at: number; readonly backends: readonly string[] }
  | { readonly kind: "backend"; readonly at: number; readonly isThere: boolean }
  | { readonly kind: "deliver"; readonly share: number }
  | { readonly kind: "wrong"; readonly at: number; readonly type: "Frontend" | "Backend" }
  | { readonly kind: "lose"; readonly how: "moved" | "failed" }
  | { readonly kind: "open" }
  | { readonly kind: "time"; readonly ms: number }
  | { readonly kind: "compiled" }
  | { readonly kind: "restart" };

const at = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("learn" as const), at }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("forget" as const), at }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("frontend" as const),
      at,
      backends: fc.subarray(BACKENDS),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("backend" as const), at: fc.nat(3), isThere: fc.boolean() }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant("deliver" as const), share: fc.double({ min: 0, max: 1 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("wrong" as const),
      at,
      type: fc.constantFrom("Frontend" as const, "Backend" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("lose" as const),
      how: fc.constantFrom("moved" as const, "failed" as const),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "open" as const }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("time" as const), ms: fc.integer({ min: 1, max: 4_000 }) }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: "compiled" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
);

/** The controller's side of one stream: what it told, by the rules of delta xDS. */
class Ledger {
  readonly stream: ScriptedStream;
  readonly #told = { Frontend: new Map<string, string>(), Backend: new Map<string, string>() };
  #read = 0;

  constructor(stream: ScriptedStream) {
    this.stream = stream;
  }

  /** Takes in what the client said since. */
  read(): void {
    for (; this.#read < this.stream.requests.length; this.#read++) {
      const request = this.stream.requests[this.#read];
      if (request === undefined || request.type === "Self") continue;
      const told = this.#told[request.type];
      for (const name of request.unsubscribe) told.delete(name);
      for (const name of request.subscribe) told.set(name, request.initialVersions.get(name) ?? "untold");
    }
  }

  /** Tells what is new of one type, or a share of that. */
  tell(type: "Frontend" | "Backend", truth: ReadonlyMap<string, Frontend>, share: number): void {
    this.read();
    const told = this.#told[type];
    const news = [...told].filter(([name, version]) => version !== (truth.get(name)?.version ?? "none"));
    const some = news.slice(0, Math.ceil(news.length * share));
    if (some.length === 0) return;
    for (const [name] of some) told.set(name, truth.get(name)?.version ?? "none");
    const names = some.map(([name]) => name);
    const resources = names.flatMap((name) => {
      const content = truth.get(name);
      return content === undefined
        ? []
        : [{ name, version: content.version, content: content.backends.join(",") }];
    });
    this.stream.push(
      type,
      resources,
      names.filter((name) => !truth.has(name)),
    );
  }
}

class Model {
  harness: ClientHarness;
  readonly store = new StubStore();
  readonly #frontends = new Map<string, Frontend>();
  readonly #backends = new Map<string, Frontend>();
  #ledger: Ledger | undefined;
  #version = 0;
  #isOpen = false;
  /** What was in force when the stream was lost: it has to stay until there is another. */
  #heldFrontends: readonly string[] = [];
  #heldBackends: readonly string[] = [];
  /** Outcomes that are owed by a time. */
  #waits: { readonly outcomes: readonly string[]; readonly dueMs: number }[] = [];

  constructor() {
    this.harness = this.#begin();
  }

  #begin(): ClientHarness {
    const harness = new ClientHarness(this.store);
    harness.sink.isPrompt = false;
    harness.client.start();
    return harness;
  }

  async do(step: Step): Promise<void> {
    switch (step.kind) {
      case "learn":
        this.#learn(FRONTENDS[step.at] ?? "");
        break;
      case "forget":
        this.harness.client.forget([FRONTENDS[step.at] ?? ""]);
        break;
      case "frontend":
        this.#change(this.#frontends, FRONTENDS[step.at] ?? "", step.backends);
        break;
      case "backend":
        this.#change(this.#backends, BACKENDS[step.at] ?? "", step.isThere ? ["-"] : []);
        break;
      case "deliver":
        this.deliver(step.share);
        break;
      case "wrong":
        if (this.#isOpen) {
          const name = (step.type === "Frontend" ? FRONTENDS : BACKENDS)[step.at] ?? "";
          this.#ledger?.stream.push(step.type, [wrong(name, `bad${++this.#version}`)]);
        }
        break;
      case "lose":
        this.#ledger?.stream.end(step.how);
        this.#isOpen = false;
        this.#ledger = undefined;
        break;
      case "open":
        await this.open();
        break;
      case "time":
        this.harness.clock.advance(step.ms);
        break;
      case "compiled":
        this.harness.sink.finish();
        break;
      case "restart":
        await this.harness.client.stop();
        this.#isOpen = false;
        this.#ledger = undefined;
        this.#waits = [];
        this.harness = this.#begin();
        this.harness.sink.finish();
        this.#hold();
    }
    await this.harness.settle();
    this.#notice();
  }

  #change(truth: Map<string, Frontend>, name: string, backends: readonly string[]): void {
    if (backends.length === 0) truth.delete(name);
    else truth.set(name, { version: `v${++this.#version}`, backends });
  }

  #learn(name: string): void {
    const { outcomes } = this.harness.learn(name);
    this.#waits.push({ outcomes, dueMs: this.harness.clock.time + 1_000 });
  }

  async open(): Promise<void> {
    if (this.#isOpen) return;
    await this.harness.settle();
    const stream = this.harness.transport.streams.at(-1);
    if (stream === undefined || stream.isClosed) return;
    stream.open();
    this.#ledger = new Ledger(stream);
    this.#isOpen = true;
  }

  deliver(share: number): void {
    if (!this.#isOpen) return;
    this.#ledger?.tell("Backend", this.#backends, share);
    this.#ledger?.tell("Frontend", this.#frontends, share);
  }

  /** The client may have given the stream up. */
  #notice(): void {
    if (this.#ledger?.stream.isClosed !== true) return;
    this.#isOpen = false;
    this.#ledger = undefined;
  }

  check(): void {
    const { client, clock, sink } = this.harness;
    for (const { outcomes, dueMs } of this.#waits) {
      assert.ok(outcomes.length <= 1, "an outcome is told once");
      assert.ok(outcomes.length === 1 || clock.time < dueMs, "a wait ends within a second");
    }
    this.#waits = this.#waits.filter(({ outcomes }) => outcomes.length === 0);
    if (this.#isOpen) this.#hold();
    for (const name of this.#heldFrontends) assert.ok(sink.frontends.has(name), `${name} stays`);
    // What was handed over before the loss may be compiled after it, and name others.
    const named = this.#named();
    for (const name of this.#heldBackends) {
      assert.ok(sink.backends.has(name) || !named.has(name), `${name} stays`);
    }
    for (const name of FRONTENDS) {
      assert.equal(client.knows(name) === "known", sink.frontends.has(name), `${name} is known if in force`);
    }
    const { frontends = 0, backends = 0, waitingConnections } = client.sizes;
    assert.ok(frontends <= FRONTENDS.length && backends <= BACKENDS.length);
    assert.equal(waitingConnections, this.#waits.length);
  }

  /** Notes what is in force, and what of that is in use. */
  #hold(): void {
    const { sink } = this.harness;
    this.#heldFrontends = [...sink.frontends.keys()];
    const named = this.#named();
    this.#heldBackends = [...sink.backends.keys()].filter((name) => named.has(name));
  }

  #named(): ReadonlySet<string> {
    return new Set([...this.harness.sink.named.values()].flat());
  }

  /** Brings everything to rest, and holds what is in force against the truth. */
  async conclude(): Promise<void> {
    const { harness } = this;
    for (let i = 0; i < 20; i++) {
      if (!this.#isOpen && (harness.transport.streams.at(-1)?.isClosed ?? true)) await harness.reconnect();
      await this.open();
      for (let round = 0; round < 4; round++) this.deliver(1);
      harness.sink.finish();
      harness.clock.advance(1_000);
      await harness.settle();
      this.#notice();
    }
    const subscribed = this.#ledger?.stream.subscribed("Frontend") ?? new Set();
    const expected = FRONTENDS.filter((name) => subscribed.has(name) && this.#frontends.has(name));
    const versions = (names: readonly string[], of: ReadonlyMap<string, Frontend>): object =>
      Object.fromEntries(names.map((name) => [name, of.get(name)?.version]));
    assert.deepEqual(sorted(harness.sink.frontends), versions(expected, this.#frontends));
    const named = new Set(expected.flatMap((name) => this.#frontends.get(name)?.backends ?? []));
    const used = BACKENDS.filter((name) => named.has(name) && this.#backends.has(name));
    assert.deepEqual(sorted(harness.sink.backends), versions(used, this.#backends));
    const names = this.#ledger?.stream.subscribed("Backend") ?? new Set();
    assert.deepEqual([...names].sort(), [...named].sort(), "Backends that nobody names are unsubscribed");
  }
}

function sorted(versions: ReadonlyMap<string, string>): object {
  return Object.fromEntries([...versions].sort(([a], [b]) => a.localeCompare(b)));
}

describe("the discovery client in any order of events", () => {
  it("ends every wait, and comes to what the controller says", async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80, size: "max" }), async (steps) => {
        const model = new Model();
        for (const next of steps) {
          await model.do(next);
          model.check();
        }
        await model.conclude();
        await model.harness.client.stop();
        assert.equal(model.harness.clock.timers, 0);
      }),
      { numRuns: 1_000 },
    );
  });
});
