import assert from "node:assert/strict";
import { TurnScheduler } from "../../src/cli/turn-scheduler.ts";

describe("a scheduler of turns", () => {
  /** Each step takes so long by the clock. */
  const start = (stepMs: number) => {
    let nowMs = 0;
    const done: string[] = [];
    const steps: string[] = [];
    const scheduler = new TurnScheduler(() => nowMs);
    function* job(name: string, count: number): Generator<undefined, string> {
      for (let n = 0; n < count; n++) {
        steps.push(name);
        nowMs += stepMs;
        yield;
      }
      return name;
    }
    const run = (name: string, count: number): void =>
      scheduler.run(job(name, count), (result) => done.push(result));
    return { run, steps, done };
  };

  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it("does at once what a turn allows", () => {
    const { run, done } = start(0.1);
    run("a", 10);
    assert.deepEqual(done, ["a"]);
  });

  it("goes on in later turns, and lets jobs take turns", async () => {
    const { run, steps, done } = start(1);
    run("long", 6);
    assert.deepEqual(steps, ["long", "long", "long", "long"]);
    run("short", 1);
    assert.deepEqual(done, []);
    await turn();
    assert.deepEqual(steps.slice(4), ["long", "short", "long"]);
    assert.deepEqual(done, ["short", "long"]);
  });

  it("takes a job that another one's end brings", async () => {
    let nowMs = 0;
    const scheduler = new TurnScheduler(() => nowMs);
    const done: string[] = [];
    function* nothing(): Generator<undefined, void> {
      nowMs += 1;
      yield;
    }
    scheduler.run(nothing(), () => {
      done.push("first");
      scheduler.run(nothing(), () => done.push("second"));
    });
    await turn();
    assert.deepEqual(done, ["first", "second"]);
  });

  it("begins anew after all was done", () => {
    const { run, done } = start(0.1);
    run("a", 1);
    run("b", 1);
    assert.deepEqual(done, ["a", "b"]);
  });
});
