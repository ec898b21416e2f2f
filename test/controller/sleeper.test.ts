import assert from "node:assert/strict";
import { Sleeper } from "../../src/controller/sleeper.ts";
import { ManualControllerClock, settle } from "./manual-clock.ts";

describe("Sleeper", () => {
  let clock: ManualControllerClock;
  let sleeper: Sleeper;
  let awake: number;

  beforeEach(() => {
    clock = new ManualControllerClock();
    sleeper = new Sleeper(clock);
    awake = 0;
    void sleeper.sleep(1_000).then(() => awake++);
  });

  it("sleeps for so long", async () => {
    await clock.pass(999);
    assert.equal(awake, 0);
    await clock.pass(1);
    assert.equal(awake, 1);
  });

  it("is woken, and leaves no timer behind", async () => {
    sleeper.wake();
    await settle();
    assert.deepEqual([awake, clock.timers], [1, 0]);
    sleeper.wake();
  });

  it("can sleep again", async () => {
    sleeper.wake();
    await settle();
    void sleeper.sleep(10).then(() => awake++);
    await clock.pass(10);
    assert.equal(awake, 2);
  });
});
