import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import fc from "fast-check";
import { splitPem } from "../../../src/controller/trust/pem-blocks.ts";
import { bundleKey, servingChainKey, servingKeyKey } from "../../../src/controller/trust/trust-names.ts";
import { Dice } from "../../support/dice.ts";
import { handshake } from "./tls-handshake.ts";
import { dayMs, hourMs, TrustHarness } from "./trust-harness.ts";

const name = "eastbound-controller";

/** Whether a client that believes `bundle` takes the server for `name` at that time. */
function accepts(bundle: string, chain: string, nowMs: number): boolean {
  const leaf = new X509Certificate(chain);
  const isInTime = (c: X509Certificate): boolean =>
    c.validFromDate.getTime() <= nowMs && nowMs < c.validToDate.getTime();
  return (
    leaf.checkHost(name) !== undefined &&
    isInTime(leaf) &&
    splitPem(bundle)
      .map(({ text }) => new X509Certificate(text))
      .some((ca) => ca.ca && isInTime(ca) && leaf.checkIssued(ca) && leaf.verify(ca.publicKey))
  );
}

/** Pods have a bundle for up to this long after a newer one came into the ConfigMaps. */
const kubeletLagMs = 20 * hourMs;
/** Replicas serve with a certificate for up to this long after a newer one came into the Secret. */
const replicaLagMs = hourMs;

/** What is in use at a time. */
class Field {
  readonly harness: TrustHarness;
  readonly #served: { readonly chain: string; readonly key: string; readonly atMs: number }[] = [];

  constructor(harness: TrustHarness) {
    this.harness = harness;
    harness.server.onWrite = () => {
      const { data } = harness.server;
      const [chain = "", key = ""] = [data[servingChainKey], data[servingKeyKey]];
      if (this.#served.at(-1)?.chain !== chain) this.#served.push({ chain, key, atMs: harness.wallMs });
    };
  }

  bundles(): readonly string[] {
    return this.#inUse(this.harness.spread, kubeletLagMs).map(({ bundle }) => bundle);
  }

  served(): readonly { readonly chain: string; readonly key: string }[] {
    return this.#inUse(this.#served, replicaLagMs);
  }

  /** The latest, and those that were the latest within the lag. */
  #inUse<T extends { readonly atMs: number }>(all: readonly T[], lagMs: number): readonly T[] {
    const { wallMs } = this.harness;
    return all.filter((_, i) => (all[i + 1]?.atMs ?? Infinity) >= wallMs - lagMs);
  }

  /** Pairs of client and server that would not connect. */
  refusals(): number {
    const { wallMs } = this.harness;
    return this.bundles()
      .flatMap((bundle) => this.served().map(({ chain }) => accepts(bundle, chain, wallMs)))
      .filter((isAccepted) => !isAccepted).length;
  }
}

describe("rotation of CA and serving certificate", function () {
  this.timeout(60_000);

  it("takes its course over two years", async () => {
    const harness = new TrustHarness({ checkMs: 12 * hourMs });
    const field = new Field(harness);
    const seen: string[] = [];
    harness.lead();
    for (let day = 0; day <= 620; day++) {
      const before = harness.changes.length;
      await harness.pass(dayMs);
      assert.equal(field.refusals(), 0, `on day ${day}`);
      for (const change of harness.changes.slice(before)) {
        seen.push(`${day} ${change.kind}${"why" in change ? `: ${change.why}` : ""}`);
      }
    }
    await harness.stop();
    assert.deepEqual(seen, [
      "0 created",
      "60 serving-issued: two thirds of its life were over",
      "120 serving-issued: two thirds of its life were over",
      "180 serving-issued: two thirds of its life were over",
      "240 serving-issued: two thirds of its life were over",
      "243 authority-added: two thirds of the newest CA's life are over",
      "244 serving-issued: a newer CA has reached all namespaces",
      "304 serving-issued: two thirds of its life were over",
      "364 serving-issued: two thirds of its life were over",
      "365 authority-dropped",
      "424 serving-issued: two thirds of its life were over",
      "484 serving-issued: two thirds of its life were over",
      "487 authority-added: two thirds of the newest CA's life are over",
      "488 serving-issued: a newer CA has reached all namespaces",
      "548 serving-issued: two thirds of its life were over",
      "608 serving-issued: two thirds of its life were over",
      "608 authority-dropped",
    ]);
    // One made at the start, seven times a new one, and what was noted: nothing is written without need.
    assert.equal(harness.server.writes, 1 + 1 + 16 + 2);
  });

  for (const { day, bundles, phase } of [
    { day: 1, bundles: 1, phase: "when all is new" },
    { day: 60.1, bundles: 1, phase: "when the serving certificate is new" },
    { day: 243.9, bundles: 2, phase: "when a second CA is on its way" },
    { day: 244.8, bundles: 1, phase: "when the second CA signs" },
    { day: 364.9, bundles: 1, phase: "before the first CA ends" },
    { day: 365.2, bundles: 2, phase: "when the first CA has left" },
    { day: 487.5, bundles: 2, phase: "when a third CA is on its way" },
    { day: 488.5, bundles: 1, phase: "when the third CA signs" },
  ]) {
    it(`lets every client connect ${phase}, by Node's own TLS`, async () => {
      // TLS goes by the time that it really is, so the story begins that much earlier.
      const harness = new TrustHarness({ startMs: Date.now() - day * dayMs, checkMs: 12 * hourMs });
      const field = new Field(harness);
      harness.lead();
      await harness.pass(day * dayMs);
      await harness.stop();
      const outcomes = await Promise.all(
        field.bundles().flatMap((bundle) => field.served().map((s) => handshake({ ...s, bundle, name }))),
      );
      assert.deepEqual(new Set(outcomes), new Set(["ok"]));
      assert.equal(field.bundles().length, bundles);
      const first = harness.spread[0]?.bundle ?? "";
      const isFirstBelieved = day < 244;
      const [served] = field.served();
      assert.ok(served);
      assert.equal((await handshake({ ...served, bundle: first, name })) === "ok", isFirstBelieved);
      assert.notEqual(await handshake({ ...served, bundle: first, name: "other" }), "ok");
    });
  }

  it("goes on under any leader, whatever fails and however long nobody leads", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const dice = new Dice(seed);
        const harness = new TrustHarness({ spread: () => dice.next() * 3 * hourMs });
        const field = new Field(harness);
        const serverRefuses = (): void => {
          const call = dice.of(["read", "create", "replace"] as const);
          const answer = dice.of([{ kind: "conflict" }, { kind: "failed", message: "no" }] as const);
          harness.server.refusals.push({ call, answer });
        };
        for (let term = 0; term < 25; term++) {
          harness.lead();
          for (let i = dice.below(40); i >= 0; i--) {
            if (dice.isOneIn(4)) serverRefuses();
            harness.mayWrite = !dice.isOneIn(8);
            if (!harness.mayWrite) harness.poke();
            await harness.pass(dice.next() * (harness.mayWrite ? dayMs : 60_000));
            assert.equal(field.refusals(), 0, `seed ${seed}, ${new Date(harness.wallMs).toISOString()}`);
          }
          // It may end between any two of its steps, and the next one may be long in coming.
          await harness.stop();
          await harness.pass(dice.isOneIn(3) ? dice.next() * 25 * dayMs : dice.next() * 60_000);
          assert.equal(field.refusals(), 0, `seed ${seed}, ${new Date(harness.wallMs).toISOString()}`);
        }
      }),
      { numRuns: 6 },
    );
  });

  it("rotates at last even if one namespace never gets the bundle", async () => {
    let isBlocked = false;
    const harness = new TrustHarness({ spread: () => (isBlocked ? 10_000 * dayMs : 0) });
    harness.lead();
    await harness.pass(2 * dayMs);
    isBlocked = true;
    await harness.pass(360 * dayMs);
    const whys = harness.changes.flatMap((change) => ("why" in change ? [change.why] : []));
    assert.equal(whys.at(-1), "it can't be renewed by the CA that signed it");
    const { data } = harness.server;
    const [newest] = splitPem(data[bundleKey] ?? "");
    assert.ok(newest && accepts(newest.text, data[servingChainKey] ?? "", harness.wallMs));
    await harness.stop();
  });
});
