import assert from "node:assert/strict";
import { type Prepared, WorkQueue } from "../../src/controller/work-queue.ts";
import { ManualControllerClock, settle } from "./manual-clock.ts";

/** A queue whose works end when they are told. */
class Fixture {
  readonly clock = new ManualControllerClock();
  readonly begun: string[] = [];
  readonly looked: string[] = [];
  readonly defects: string[] = [];
  /** What is prepared for a key, where it is no work. */
  readonly others = new Map<string, Prepared>();
  readonly #ends = new Map<string, () => void>();
  readonly queue: WorkQueue;

  constructor(limits: { concurrency?: number; perSecond?: number; burst?: number } = {}) {
    this.queue = new WorkQueue({
      limits: { concurrency: 2, perSecond: 10, burst: 100, ...limits },
      clock: this.clock,
      prepare: (key) => {
        this.looked.push(key);
        if (key === "throws") throw new Error("not thought of");
        return this.others.get(key) ?? { kind: "work", start: () => this.#start(key) };
      },
      onDefect: (key, error) => this.defects.push(`${key}: ${String(error)}`),
    });
  }

  async end(key: string): Promise<void> {
    this.#ends.get(key)?.();
    await settle();
    await this.clock.pass(1);
  }

  async #start(key: string): Promise<void> {
    this.begun.push(key);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ends.set(key, resolve);
    await promise;
  }
}

describe("WorkQueue", () => {
  it("works on so many at a time, in the order in which they came", async () => {
    const f = new Fixture();
    for (const key of ["a", "b", "c", "a"]) f.queue.add(key, 0);
    await f.clock.pass(1);
    assert.deepEqual(f.begun, ["a", "b"]);
    assert.equal(f.queue.size, 3);
    await f.end("b");
    assert.deepEqual(f.begun, ["a", "b", "c"]);
    await f.end("a");
    await f.end("c");
    assert.equal(f.queue.size, 0);
    assert.equal(f.clock.timers, 0);
  });

  it("works on a key that comes again meanwhile after the others, and never twice at a time", async () => {
    const f = new Fixture({ concurrency: 3 });
    f.queue.add("a", 0);
    await f.clock.pass(1);
    f.queue.add("a", 0);
    f.queue.add("a", 0);
    f.queue.add("b", 0);
    await f.clock.pass(100);
    assert.deepEqual(f.begun, ["a", "b"]);
    await f.end("a");
    assert.deepEqual(f.begun, ["a", "b", "a"]);
    await f.end("a");
    await f.end("b");
    assert.equal(f.queue.size, 0);
  });

  it("goes on where one key can't be worked on", async () => {
    const f = new Fixture({ concurrency: 1 });
    f.others.set("rejects", { kind: "work", start: () => Promise.reject(new Error("neither")) });
    for (const key of ["throws", "rejects", "a"]) f.queue.add(key, 0);
    await f.clock.pass(1);
    await settle();
    await f.clock.pass(1);
    assert.deepEqual(f.begun, ["a"]);
    assert.deepEqual(f.defects, ["throws: Error: not thought of", "rejects: Error: neither"]);
    await f.end("a");
    assert.equal(f.queue.size, 0);
  });

  it("takes the earlier of two times", async () => {
    const f = new Fixture();
    f.queue.add("a", 100);
    f.queue.add("a", 500);
    f.queue.add("b", 500);
    f.queue.add("b", 50);
    await f.clock.pass(50);
    assert.deepEqual(f.begun, ["b"]);
    await f.clock.pass(51);
    assert.deepEqual(f.begun, ["b", "a"]);
  });

  it("keeps to its rate, and asks nothing for what is no work", async () => {
    const f = new Fixture({ concurrency: 100, burst: 2 });
    for (const key of ["n1", "n2", "n3", "n4"]) f.others.set(key, { kind: "nothing" });
    f.queue.addAll(["n1", "a", "n2", "b", "n3", "n4", "c", "d"]);
    await f.clock.pass(5);
    assert.deepEqual(f.begun, ["a", "b"]);
    await f.clock.pass(90);
    assert.deepEqual(f.begun, ["a", "b"]);
    await f.clock.pass(10);
    assert.deepEqual(f.begun, ["a", "b", "c"]);
    await f.clock.pass(100);
    assert.deepEqual(f.begun, ["a", "b", "c", "d"]);
  });

  it("comes back to what has to wait", async () => {
    const f = new Fixture();
    f.others.set("a", { kind: "later", delayMs: 300 });
    f.queue.add("a", 0);
    await f.clock.pass(10);
    assert.equal(f.queue.size, 1);
    f.others.clear();
    await f.clock.pass(280);
    assert.deepEqual(f.begun, []);
    await f.clock.pass(20);
    assert.deepEqual(f.begun, ["a"]);
  });

  it("does not make one turn of very many keys", async () => {
    const f = new Fixture();
    const keys = Array.from({ length: 1_000 }, (_, index) => `k${index}`);
    for (const key of keys) f.others.set(key, { kind: "nothing" });
    f.queue.addAll(keys);
    await f.clock.pass(100);
    assert.equal(f.looked.length, 1_000);
    assert.ok(f.clock.wakeUps >= 10, String(f.clock.wakeUps));
    assert.equal(f.queue.size, 0);
  });

  it("leaves those that wait to their time when many come", async () => {
    const f = new Fixture();
    f.queue.add("a", 200);
    f.queue.addAll(["a", "b"]);
    await f.clock.pass(10);
    assert.deepEqual(f.begun, ["b"]);
    await f.clock.pass(200);
    assert.deepEqual(f.begun, ["b", "a"]);
  });

  it("begins nothing more when it is closed", async () => {
    const f = new Fixture({ concurrency: 1 });
    f.queue.addAll(["a", "b"]);
    f.queue.add("c", 100);
    await f.clock.pass(1);
    f.queue.close();
    f.queue.add("d", 0);
    f.queue.addAll(["e"]);
    await f.end("a");
    await f.clock.pass(1_000);
    assert.deepEqual(f.begun, ["a"]);
    assert.equal(f.queue.size, 0);
    assert.equal(f.clock.timers, 0);
  });
});
