import assert from "node:assert/strict";
import { ChangeSignal } from "../../src/manifests/change-signal.ts";
import { ScriptedClock } from "./scripted-clock.ts";

/** Follows a wait by the time at which it ended. */
function track(clock: ScriptedClock, wait: Promise<void>): { endedAt: number | undefined } {
  const tracked: { endedAt: number | undefined } = { endedAt: undefined };
  void wait.then(() => {
    tracked.endedAt = clock.nowMs;
  });
  return tracked;
}

describe("ChangeSignal", () => {
  it("waits for the end of a burst", async () => {
    const clock = new ScriptedClock();
    const changes = new ChangeSignal(clock);
    const wait = track(clock, changes.next(10_000));
    await clock.advance(500);
    for (let index = 0; index < 10; index++) {
      changes.notify();
      await clock.advance(15);
    }
    assert.equal(wait.endedAt, undefined);
    await clock.advance(100);
    assert.equal(wait.endedAt, 500 + 9 * 15 + 20);
  });

  it("does not wait for the end of a burst that has none", async () => {
    const clock = new ScriptedClock();
    const changes = new ChangeSignal(clock);
    const wait = track(clock, changes.next(10_000));
    for (let index = 0; index < 150; index++) {
      changes.notify();
      await clock.advance(10);
    }
    assert.equal(wait.endedAt, 1000);
  });

  it("knows of changes that came while nobody waited", async () => {
    const clock = new ScriptedClock();
    const changes = new ChangeSignal(clock);
    changes.notify();
    await clock.advance(3000);
    const wait = track(clock, changes.next(10_000));
    await clock.advance(100);
    assert.equal(wait.endedAt, 3020);
  });

  it("ends without a change at the limit, and forgets it", async () => {
    const clock = new ScriptedClock();
    const changes = new ChangeSignal(clock);
    const first = track(clock, changes.next(1000));
    await clock.advance(1000);
    assert.equal(first.endedAt, 1000);
    const second = track(clock, changes.next(1000));
    await clock.advance(999);
    assert.equal(second.endedAt, undefined);
    changes.notify();
    await clock.advance(1);
    assert.equal(second.endedAt, 2000);
    assert.equal(clock.scheduledCount, 0);
  });

  it("ends every wait once it is closed, and leaves no timer behind", async () => {
    const clock = new ScriptedClock();
    const changes = new ChangeSignal(clock);
    const first = track(clock, changes.next(1000));
    changes.notify();
    changes.close();
    changes.notify();
    await clock.advance(0);
    assert.equal(first.endedAt, 0);
    const second = track(clock, changes.next(1000));
    await clock.advance(0);
    assert.equal(second.endedAt, 0);
    assert.equal(clock.scheduledCount, 0);
  });
});
