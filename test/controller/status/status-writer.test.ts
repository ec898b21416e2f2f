import assert from "node:assert/strict";
import { readObservedRoute } from "../../../src/controller/status/observed-route.ts";
import { settle } from "../manual-clock.ts";
import { foreignEntry, routeStatus } from "./statuses.ts";
import { WriterFixture as Fixture } from "./writer-fixture.ts";

describe("StatusWriter", () => {
  it("writes what is wanted once, 100 ms after the change", async () => {
    const f = new Fixture();
    f.lead();
    f.add("r");
    assert.equal(f.writer.pending, 1);
    await f.clock.pass(99);
    assert.equal(f.api.patches.length, 0);
    await f.clock.pass(1);
    assert.equal(f.api.patches.length, 1);
    assert.ok(f.isWritten("r"));
    f.watched("r");
    await f.clock.pass(60_000);
    assert.equal(f.api.patches.length, 1);
    assert.equal(f.api.reads, 0);
    assert.deepEqual(f.results, ["written"]);
    assert.deepEqual(f.times, [100]);
    assert.equal(f.writer.pending, 0);
    assert.equal(f.clock.timers, 0);
    await f.resign();
  });

  it("writes the others where a defect keeps one from being written, and ends as it should", async () => {
    const f = new Fixture();
    f.lead();
    f.add("bad");
    f.want("bad", { ...routeStatus({ parents: ["a"] }), parents: [null as never] });
    f.add("good");
    f.onWritten = () => {
      throw new Error("not thought of");
    };
    await f.clock.pass(200);
    assert.ok(f.isWritten("good"));
    assert.ok(!f.isWritten("bad"));
    assert.match(f.logged.join("\n"), /a defect kept the status of a route from being written/);
    await f.resign();
    assert.equal(f.writer.pending, 0);
  });

  it("tells what it has written", async () => {
    const f = new Fixture();
    f.lead();
    f.add("r");
    await f.clock.pass(100);
    const [change] = f.changes;
    assert.deepEqual(change?.route, {
      kind: "HTTPRoute",
      version: "v1",
      namespace: "default",
      name: "r",
      uid: "uid-r",
    });
    assert.deepEqual(
      change.changes.map(({ before, after }) => [before, after?.type]),
      [
        [undefined, "Accepted"],
        [undefined, "ResolvedRefs"],
      ],
    );
    await f.resign();
  });

  it("takes the latest of many changes", async () => {
    const f = new Fixture();
    f.lead();
    f.add("r");
    for (let i = 0; i < 50; i++) f.want("r", routeStatus({ parents: [`s${i}`] }));
    await f.clock.pass(100);
    assert.equal(f.api.patches.length, 1);
    assert.match(JSON.stringify(f.parents("r")), /"name":"s49"/);
    await f.resign();
  });

  it("does nothing while it does not lead, and all of it when it does", async () => {
    const f = new Fixture();
    for (const name of ["r1", "r2", "r3"]) f.add(name);
    await f.clock.pass(10_000);
    assert.deepEqual(f.api.patches, []);
    f.lead();
    await f.clock.pass(5);
    assert.deepEqual(f.api.patches, ["default/r1", "default/r2", "default/r3"]);
    // Nobody waited for them before.
    assert.deepEqual(f.times, []);
    await f.resign();
    f.want("r1", undefined);
    await f.clock.pass(10_000);
    assert.equal(f.api.patches.length, 3);
    assert.equal(f.clock.timers, 0);
  });

  it("writes nothing after a restart where nothing changed", async () => {
    const f = new Fixture();
    f.lead();
    for (let i = 0; i < 20; i++) f.add(`r${i}`);
    await f.clock.pass(1_000);
    await f.resign();
    const next = new Fixture();
    for (const [key, raw] of f.api.routes) next.api.routes.set(key, raw);
    next.lead();
    for (let i = 0; i < 20; i++) {
      next.watched(`r${i}`);
      next.want(`r${i}`, routeStatus({ name: `r${i}`, parents: ["a"] }));
    }
    await next.clock.pass(60_000);
    assert.deepEqual(next.api.patches, []);
    await next.resign();
  });

  it("does not touch a route before it is told what is wanted of it", async () => {
    const f = new Fixture();
    f.lead();
    f.add("r");
    await f.clock.pass(100);
    await f.resign();
    const next = new Fixture();
    next.api.routes.set("default/r", f.raw("r"));
    next.lead();
    next.watched("r");
    await next.clock.pass(60_000);
    assert.ok(next.isWritten("r"));
    next.want("r", undefined);
    await next.clock.pass(100);
    assert.deepEqual(next.parents("r"), []);
    await next.resign();
  });

  it("removes its entries when the route is no longer ours", async () => {
    const f = new Fixture();
    f.lead();
    f.api.put("r", 1, [foreignEntry("x")]);
    f.watched("r");
    f.want("r", routeStatus({ parents: ["a"] }));
    await f.clock.pass(100);
    assert.equal(f.parents("r").length, 2);
    f.want("r", routeStatus({ parents: [] }));
    await f.clock.pass(100);
    assert.deepEqual(f.parents("r"), [foreignEntry("x")]);
    await f.resign();
  });

  it("forgets a route that is gone", async () => {
    const f = new Fixture();
    f.lead();
    f.add("r");
    f.api.routes.clear();
    await f.clock.pass(100);
    assert.deepEqual(f.results, ["gone"]);
    f.watched("r");
    f.want("r", undefined);
    await f.clock.pass(60_000);
    assert.deepEqual(f.results, ["gone"]);
    assert.equal(f.clock.timers, 0);
    await f.resign();
  });

  it("is not led astray by a route that went and came back during a write", async () => {
    const f = new Fixture();
    f.lead();
    f.add("r");
    f.api.before = () => {
      f.api.before = undefined;
      f.api.routes.clear();
      f.watched("r");
      f.want("r", undefined);
      f.add("r");
      f.raw("r").metadata.uid = "other";
      return { kind: "gone" };
    };
    await f.clock.pass(300);
    assert.deepEqual(f.results, ["gone", "written"]);
    await f.resign();
  });

  it("waits for the judgement of a newer generation", async () => {
    const f = new Fixture();
    f.lead();
    f.add("r");
    await f.clock.pass(100);
    const raw = f.raw("r");
    raw.metadata.generation = 2;
    f.api.touch(raw);
    f.watched("r");
    await f.clock.pass(1_000);
    assert.equal(f.api.patches.length, 1);
    f.want("r", routeStatus({ generation: 2, parents: ["a"] }));
    await f.clock.pass(100);
    assert.equal(f.api.patches.length, 2);
    assert.doesNotMatch(JSON.stringify(f.parents("r")), /"observedGeneration":1/);
    await f.resign();
  });

  it("reads afresh after a conflict, and tries again at once", async () => {
    const f = new Fixture();
    f.lead();
    f.add("r");
    const raw = f.raw("r");
    raw.status = { parents: [foreignEntry("x")] };
    f.api.touch(raw);
    await f.clock.pass(105);
    assert.deepEqual(f.results, ["conflict", "written"]);
    assert.equal(f.api.reads, 1);
    assert.deepEqual(f.parents("r")[0], foreignEntry("x"));
    await f.resign();
  });

  it("gets through a writer that never rests, with pauses that grow", async () => {
    const f = new Fixture();
    f.lead();
    f.add("r");
    let storms = 12;
    f.api.before = () => {
      if (storms-- > 0) f.api.touch(f.raw("r"));
      return undefined;
    };
    await f.clock.pass(120);
    assert.ok(f.api.reads < 12, String(f.api.reads));
    await f.clock.pass(60_000);
    assert.ok(f.isWritten("r"));
    assert.deepEqual(f.results, [...Array<string>(12).fill("conflict"), "written"]);
    await f.resign();
  });

  it("takes no older view from the watch than what it has written", async () => {
    const f = new Fixture();
    f.lead();
    f.add("r");
    const old = readObservedRoute(f.raw("r"), "HTTPRoute");
    await f.clock.pass(100);
    f.writer.observe("HTTPRoute", "default/r", old);
    await f.clock.pass(5_000);
    assert.deepEqual(f.results, ["written"]);
    // The store was taken back to what it was long ago.
    await f.clock.pass(10_000);
    f.writer.observe("HTTPRoute", "default/r", old);
    await f.clock.pass(100);
    assert.equal(f.api.reads, 1);
    await f.resign();
  });

  it("is not taken back by its own answer where the watch was faster", async () => {
    const f = new Fixture();
    f.lead();
    f.add("r");
    const patch = f.api.patch.bind(f.api);
    f.api.patch = async (...call) => {
      const answer = await patch(...call);
      const raw = f.raw("r");
      raw.metadata.generation = 2;
      f.api.touch(raw);
      f.watched("r");
      f.want("r", routeStatus({ generation: 2, parents: ["a"] }));
      f.api.patch = patch;
      return answer;
    };
    await f.clock.pass(300);
    assert.deepEqual(f.results, ["written", "written"]);
    await f.resign();
  });

  it("believes versions that are no numbers", async () => {
    const f = new Fixture();
    f.lead();
    f.add("r");
    await f.clock.pass(100);
    f.raw("r").metadata.resourceVersion = "v7";
    f.raw("r").status = { parents: [] };
    f.watched("r");
    await f.clock.pass(100);
    assert.deepEqual(f.results, ["written", "written"]);
    await f.resign();
  });

  it("repairs what others change at once, then ever more slowly, and warns", async () => {
    const f = new Fixture();
    f.lead();
    f.add("r");
    await f.clock.pass(100);
    const spoil = (): void => {
      const raw = f.raw("r");
      raw.status = { parents: [foreignEntry("x")] };
      f.api.touch(raw);
      f.watched("r");
    };
    const writesIn = async (ms: number): Promise<number> => {
      const before = f.api.patches.length;
      for (let passed = 0; passed < ms; passed += 50) {
        if (f.isWritten("r")) spoil();
        await f.clock.pass(50);
      }
      return f.api.patches.length - before;
    };
    assert.equal(await writesIn(200), 1);
    assert.ok((await writesIn(60_000)) <= 7);
    assert.ok(f.overwritten.length >= 3);
    assert.equal(f.overwritten[0], 3);
    assert.ok(f.logged.includes("another writer changes our entries in the status of a route"));
    // What is new does not wait for that.
    const before = f.api.patches.length;
    f.want("r", routeStatus({ parents: ["b"] }));
    await f.clock.pass(150);
    assert.equal(f.api.patches.length, before + 1);
    await f.resign();
  });

  it("forgets repairs of long ago", async () => {
    const f = new Fixture({ forgetRepairsMs: 10_000 });
    f.lead();
    f.add("r");
    for (let i = 0; i < 6; i++) {
      await f.clock.pass(11_000);
      f.raw("r").status = { parents: [] };
      f.api.touch(f.raw("r"));
      f.watched("r");
    }
    await f.clock.pass(200);
    assert.deepEqual(f.overwritten, []);
    assert.equal(f.api.patches.length, 7);
    await f.resign();
  });

  it("lets no route that changes all the time starve others", async () => {
    const f = new Fixture();
    f.lead();
    f.add("hot");
    for (let i = 0; i < 600; i++) {
      f.want("hot", routeStatus({ name: "hot", parents: [`s${i}`] }));
      if (i === 300) f.add("cold");
      await f.clock.pass(100);
    }
    assert.equal(f.api.patches.filter((key) => key === "default/cold").length, 1);
    const hot = f.api.patches.filter((key) => key === "default/hot").length;
    assert.ok(hot >= 55 && hot <= 70, String(hot));
    await f.resign();
  });

  it("writes many routes at a bounded rate, a few at a time", async () => {
    const f = new Fixture({ burst: 50, perSecond: 100 });
    f.lead();
    for (let i = 0; i < 500; i++) f.add(`r${i}`);
    f.api.before = async () => {
      await settle();
      return undefined;
    };
    await f.clock.pass(1_000);
    const first = f.api.patches.length;
    assert.ok(first > 100 && first <= 141, String(first));
    await f.clock.pass(4_000);
    assert.equal(f.api.patches.length, 500);
    assert.ok(f.api.mostUnderWay > 1 && f.api.mostUnderWay <= 8, String(f.api.mostUnderWay));
    assert.equal(new Set(f.api.patches).size, 500);
    await f.resign();
  });

  const failures = [
    { name: "a failure", answer: { kind: "failed", message: "no connection" } as const, after: 375 },
    {
      name: "a 429",
      answer: { kind: "failed", message: "busy", retryAfterMs: 7_000 } as const,
      after: 7_000,
    },
  ];
  for (const { name, answer, after } of failures) {
    it(`tries again after ${name}`, async () => {
      const f = new Fixture();
      f.lead();
      f.add("r");
      f.api.before = () => answer;
      await f.clock.pass(100);
      f.api.before = undefined;
      await f.clock.pass(after - 5);
      assert.deepEqual(f.results, ["failed"]);
      await f.clock.pass(10);
      assert.deepEqual(f.results, ["failed", "written"]);
      await f.resign();
    });
  }

  it("does not hammer an API server that is down, nor one that refuses", async () => {
    const f = new Fixture();
    f.lead();
    f.add("r");
    f.add("s");
    f.api.before = ({ name }) => {
      if (name === "s") throw new Error("socket hang up");
      return undefined;
    };
    f.api.patch = async ({ name }) => {
      if (name === "s") throw new Error("socket hang up");
      return { kind: "refused", message: "not valid" };
    };
    await f.clock.pass(300_000);
    assert.ok(f.results.length > 10 && f.results.length < 50, String(f.results.length));
    assert.ok(f.results.every((result) => result === "failed"));
    assert.ok(f.logged.length > 0);
    await f.resign();
    assert.equal(f.clock.timers, 0);
  });

  it("does not write when the guard says no, and looks again later", async () => {
    const f = new Fixture();
    f.mayWrite = false;
    f.lead();
    f.add("r");
    await f.clock.pass(900);
    assert.deepEqual(f.results, []);
    f.mayWrite = true;
    await f.clock.pass(300);
    assert.deepEqual(f.results, ["written"]);
    await f.resign();
  });

  it("ends only when no write is under way any more", async () => {
    const f = new Fixture();
    f.lead();
    f.add("r");
    const gate = Promise.withResolvers<undefined>();
    f.api.before = () => gate.promise;
    await f.clock.pass(100);
    let isOver = false;
    const over = f.resign().then(() => {
      isOver = true;
    });
    await settle();
    assert.equal(isOver, false);
    gate.resolve(undefined);
    await over;
    assert.equal(f.clock.timers, 0);
  });

  it("does not begin for a signal that is over", async () => {
    const f = new Fixture();
    f.add("r");
    await f.writer.run(AbortSignal.abort(), () => true);
    assert.deepEqual(f.results, []);
  });
});
