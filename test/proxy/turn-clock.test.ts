import assert from "node:assert/strict";
import { beginTurn, createTurnClock } from "../../src/proxy/turn-clock.ts";

function counting(startMs: number): () => number {
  let ms = startMs;
  return () => ms++;
}

describe("the clock of a turn", () => {
  it("stands still until the next event begins", () => {
    const now = createTurnClock(counting(10));
    assert.deepEqual([now(), now()], [10, 10]);
    beginTurn();
    assert.deepEqual([now(), now()], [11, 11]);
  });

  it("tells its own time, whatever another clock was asked in the same turn", () => {
    const one = createTurnClock(counting(10));
    const other = createTurnClock(counting(500));
    beginTurn();
    assert.deepEqual([one(), other(), one(), other()], [10, 500, 10, 500]);
  });
});
