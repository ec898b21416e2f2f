import assert from "node:assert/strict";
import fc from "fast-check";
import type { BundleDistributor, NamespaceState } from "../../../src/controller/trust/bundle-distributor.ts";
import type { BundleMap } from "../../../src/controller/trust/bundle-port.ts";
import { Dice } from "../../support/dice.ts";
import { SimulatedTime } from "../../support/simulated-time.ts";
import { BundleServer } from "./bundle-server.ts";

describe("distribution of the CAs", () => {
  let time: SimulatedTime;
  let server: BundleServer;
  let abort: AbortController;
  let mayWrite: boolean;
  let running: Promise<void>[];

  beforeEach(() => {
    time = new SimulatedTime();
    server = new BundleServer(time);
    abort = new AbortController();
    mayWrite = true;
    running = [];
    server.setNamespace("own", "other");
    server.setNamespace("shop", "meshed");
    server.setNamespace("plain", "other");
  });

  afterEach(async () => {
    abort.abort();
    await Promise.all([...running, time.pass(1_000)]);
  });

  function lead(distributor: BundleDistributor, bundle = "one"): void {
    running.push(distributor.run(abort.signal, () => mayWrite));
    distributor.want(bundle);
  }

  it("makes a ConfigMap in each meshed namespace and its own, once", async () => {
    let times = 0;
    const distributor = server.distributor({ onEverywhere: () => times++ });
    assert.ok(!distributor.isEverywhere);
    lead(distributor);
    await time.pass(5_000);
    assert.deepEqual(server.writes.toSorted(), ["create own", "create shop"]);
    assert.equal(server.maps.get("shop")?.bundle, "one");
    assert.ok(distributor.isEverywhere);
    assert.equal(times, 1);
  });

  it("brings a new bundle everywhere, and says when it is there", async () => {
    let times = 0;
    const distributor = server.distributor({ onEverywhere: () => times++ });
    lead(distributor);
    await time.pass(5_000);
    server.refuse = (namespace) => (namespace === "shop" ? "no" : undefined);
    distributor.want("two");
    await time.pass(5_000);
    assert.deepEqual(distributor.missing, ["shop"]);
    assert.equal(times, 1);
    server.refuse = () => undefined;
    await time.pass(60_000);
    assert.equal(server.maps.get("shop")?.bundle, "two");
    assert.equal(times, 2);
  });

  it("looks at a change of one namespace without looking at thousands of others", async () => {
    const count = 2_000;
    let looks = 0;
    const distributor = server.distributor();
    distributor.observeNamespaces(
      Array.from({ length: count }, (_, i) => ({ kind: "upsert", key: `/n${i}`, object: "meshed" })),
    );
    await time.pass(1);
    lead(distributor);
    for (let i = 0; i < count; i++) {
      const object: BundleMap = {
        get bundle() {
          looks++;
          return "one";
        },
        isOurs: true,
        uid: "1",
        resourceVersion: "1",
      };
      distributor.observeMaps([{ kind: "upsert", key: `n${i}/eastbound-ca`, object }]);
    }
    assert.deepEqual(distributor.missing.toSorted(), ["own", "shop"]);
    assert.ok(looks <= 3 * count, `${looks}`);
  });

  for (const { title, change, writes } of [
    {
      title: "follows a namespace into the mesh",
      change: (s: BundleServer) => s.setNamespace("plain", "meshed"),
      writes: ["create plain"],
    },
    {
      title: "takes its ConfigMap out of a namespace that left",
      change: (s: BundleServer) => s.setNamespace("shop", "other"),
      writes: ["remove shop"],
    },
    {
      title: "leaves a terminating namespace alone",
      change: (s: BundleServer) => {
        s.setNamespace("shop", "terminating");
        s.setMap("shop", undefined);
      },
      writes: [],
    },
    {
      title: "forgets a namespace that is gone",
      change: (s: BundleServer) => s.setNamespace("shop", undefined),
      writes: [],
    },
    {
      title: "sets right what somebody changed",
      change: (s: BundleServer) => void s.setMap("shop", { bundle: "theirs", isOurs: true }),
      writes: ["correct shop"],
    },
    {
      title: "sets right a label that somebody took away",
      change: (s: BundleServer) => void s.setMap("shop", { bundle: "one", isOurs: false }),
      writes: ["correct shop"],
    },
    {
      title: "makes anew what somebody deleted",
      change: (s: BundleServer) => void s.setMap("own", undefined),
      writes: ["create own"],
    },
    {
      title: "leaves somebody's own in a namespace that isn't meshed",
      change: (s: BundleServer) => void s.setMap("plain", { bundle: "theirs", isOurs: false }),
      writes: [],
    },
    {
      title: "takes over somebody's own in a namespace that joins",
      change: (s: BundleServer) => {
        s.setMap("plain", { bundle: "theirs", isOurs: false });
        s.setNamespace("plain", "meshed");
      },
      writes: ["correct plain"],
    },
  ]) {
    it(title, async () => {
      const distributor = server.distributor();
      lead(distributor);
      await time.pass(5_000);
      server.writes.length = 0;
      change(server);
      await time.pass(5_000);
      assert.deepEqual(server.writes, writes);
      assert.ok(distributor.isEverywhere);
    });
  }

  it("makes and removes nothing before it knows all", async () => {
    server.setMap("shop", { bundle: "one", isOurs: true });
    const synced = Promise.withResolvers<void>();
    const distributor = server.distributor({ synced: synced.promise });
    lead(distributor);
    await time.pass(10_000);
    assert.deepEqual(server.writes, []);
    assert.ok(!distributor.isEverywhere);
    synced.resolve();
    await time.pass(1_000);
    assert.deepEqual(server.writes, ["create own"]);
  });

  it("doesn't bring out in a new term what was wanted in the last", async () => {
    const distributor = server.distributor();
    distributor.want("old");
    running.push(distributor.run(abort.signal, () => true));
    await time.pass(10_000);
    assert.deepEqual(server.writes, []);
    distributor.want("new");
    await time.pass(1_000);
    assert.equal(server.maps.get("shop")?.bundle, "new");
  });

  it("writes nothing that it may not", async () => {
    mayWrite = false;
    const distributor = server.distributor();
    lead(distributor);
    await time.pass(10_000);
    assert.deepEqual(server.writes, []);
    mayWrite = true;
    await time.pass(5_000);
    assert.equal(server.writes.length, 2);
  });

  it("tries again ever more seldom, at least once a minute and a quarter", async () => {
    const failures: number[] = [];
    server.refuse = (namespace) => {
      if (namespace !== "shop") return undefined;
      failures.push(time.nowMs);
      return "quota";
    };
    lead(server.distributor());
    await time.pass(600_000);
    const gaps = failures.slice(1).map((at, i) => at - (failures[i] ?? 0));
    assert.ok(Math.min(...gaps) > 1_900 && Math.max(...gaps) < 75_000, gaps.join(" "));
    assert.ok(failures.length > 10 && failures.length < 20, `${failures.length}`);
    assert.equal(server.maps.get("own")?.bundle, "one", "the others don't wait for it");
  });

  it("sets right what somebody changed while its own write had no answer yet", async () => {
    server.answerMs = 500;
    const distributor = server.distributor();
    lead(distributor);
    await time.pass(100);
    server.setMap("shop", { bundle: "theirs", isOurs: true });
    await time.pass(5_000);
    assert.equal(server.maps.get("shop")?.bundle, "one");
    assert.ok(distributor.isEverywhere);
  });

  it("fights with nobody faster than once a second", async () => {
    lead(server.distributor());
    const spoil = (): void => {
      server.setMap("shop", { bundle: "theirs", isOurs: true });
      time.after(10, spoil);
    };
    time.after(3_000, spoil);
    await time.pass(63_000);
    assert.ok(server.writes.length < 70, `${server.writes.length}`);
  });

  it("comes to the same end whatever happens on the way", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const dice = new Dice(seed);
        const time = new SimulatedTime();
        const server = new BundleServer(time);
        const foreign = new Set<string>();
        const names = ["a", "b", "c", "d", "e"];
        server.setNamespace("own", "other");
        server.refuse = () => (dice.isOneIn(4) ? "no" : undefined);
        const replicas = [server.distributor(), server.distributor()];
        let bundle = "0";
        for (let term = 0; term < 6; term++) {
          const leader = dice.of([replicas[0], replicas[1]]);
          const abort = new AbortController();
          const run = leader?.run(abort.signal, () => !dice.isOneIn(10));
          bundle = dice.isOneIn(2) ? bundle : `${term}`;
          leader?.want(bundle);
          for (let i = dice.below(12); i >= 0; i--) {
            const name = names[dice.below(names.length)] ?? "a";
            const state = dice.of<NamespaceState | undefined>([
              "meshed",
              "meshed",
              "other",
              "terminating",
              undefined,
            ]);
            server.watchMs = dice.below(3_000);
            server.answerMs = dice.below(2_000);
            if (dice.isOneIn(2)) server.setNamespace(name, state);
            else if (server.namespaces.has(name)) {
              const isOurs = dice.isOneIn(2);
              if (dice.isOneIn(2)) server.setMap(name, undefined);
              else server.setMap(name, { bundle: "theirs", isOurs });
            }
            await time.pass(dice.below(4_000));
          }
          abort.abort();
          await Promise.all([run, time.pass(5_000)]);
        }
        server.refuse = () => undefined;
        server.watchMs = 5;
        await time.pass(5_000);
        for (const [name, map] of server.maps) if (!map.isOurs) foreign.add(name);
        const [leader] = replicas;
        const abort = new AbortController();
        const run = leader?.run(abort.signal, () => true);
        leader?.want("end");
        await time.pass(300_000);
        abort.abort();
        await Promise.all([run, time.pass(5_000)]);

        const expected = new Map<string, string | undefined>([["own", "end"]]);
        for (const [name, state] of server.namespaces) {
          const map = server.maps.get(name);
          if (state === "meshed") expected.set(name, "end");
          else if (name !== "own" && map && (state === "terminating" || foreign.has(name))) {
            expected.set(name, map.bundle);
          }
        }
        const found = [...server.maps].map(([name, map]) => [name, map.bundle] as const);
        assert.deepEqual(new Map(found), expected);
        assert.ok(leader?.isEverywhere);
      }),
      { numRuns: 60 },
    );
  });
});
