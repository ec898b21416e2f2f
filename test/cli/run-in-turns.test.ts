import assert from "node:assert/strict";
import { runInTurns } from "../../src/cli/run-in-turns.ts";

describe("runInTurns", () => {
  it("gives what the steps come to, and lets other work go on every few milliseconds", async () => {
    let now = 0;
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const steps = (function* (): Generator<undefined, string> {
      for (let step = 0; step < 10; step++) {
        now += 2;
        yield;
      }
      return "done";
    })();
    assert.equal(await runInTurns(steps, () => now), "done");
    isOver = true;
    assert.equal(turns, 5);
  });
});
