import assert from "node:assert/strict";
import fc from "fast-check";
import { Deadline, TimerWheel } from "../../src/proxy/timer-wheel.ts";
import { ManualClock } from "../support/manual-clock.ts";

const TOLERANCE_MS = 17;

describe("TimerWheel", () => {
  it("fires the others when one throws, and tells of the defect", () => {
    const defects: unknown[] = [];
    const clock = Object.assign(new ManualClock(), { onDefect: (error: unknown) => defects.push(error) });
    const wheel = new TimerWheel(clock);
    const fired: string[] = [];
    const broken = (): void => {
      fired.push("broken");
      throw new Error("a defect");
    };
    for (const onDue of [() => fired.push("before"), broken, () => fired.push("after")])
      wheel.set(new Deadline(onDue), clock.now(), 100);
    clock.advance(1_000);
    assert.deepEqual(fired, ["before", "broken", "after"]);
    assert.equal(defects.length, 1);
    wheel.set(new Deadline(() => fired.push("later")), clock.now(), 100);
    clock.advance(1_000);
    assert.equal(fired.at(-1), "later");
  });

  it("throws on what a deadline threw where nobody is told", () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    let fired = 0;
    const broken = (): void => {
      throw new Error("a defect");
    };
    wheel.set(new Deadline(broken), clock.now(), 100);
    wheel.set(new Deadline(() => fired++), clock.now(), 100);
    assert.throws(() => clock.advance(1_000), /a defect/);
    assert.equal(fired, 1);
  });

  for (const delayMs of [0, 1, 7, 8, 500, 1_999, 2_040, 2_100, 10_000, 3_600_000, 5_000_000]) {
    it(`fires once, ${delayMs} ms after it was set and not before`, () => {
      const clock = new ManualClock();
      const wheel = new TimerWheel(clock);
      const fired: number[] = [];
      wheel.set(new Deadline(() => fired.push(clock.now())), clock.now(), delayMs);
      const due = clock.now() + delayMs;
      clock.advance(delayMs + 10_000);
      assert.equal(fired.length, 1);
      assert.ok((fired[0] ?? 0) >= due, "early");
      assert.ok((fired[0] ?? 0) <= due + TOLERANCE_MS, `late by ${(fired[0] ?? 0) - due}`);
    });
  }

  it("is exact after hours in which nothing was set", () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    clock.advance(7_200_000);
    let fired = 0;
    wheel.set(new Deadline(() => fired++), clock.now(), 500);
    clock.advance(499);
    assert.equal(fired, 0);
    clock.advance(1 + TOLERANCE_MS);
    assert.equal(fired, 1);
  });

  it("keeps no timer of the event loop when nothing is set", () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    wheel.set(new Deadline(() => undefined), clock.now(), 5);
    clock.advance(100);
    assert.equal(clock.timers, 0);
  });

  it("wakes the event loop at most once a second for deadlines far away", () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    for (let i = 0; i < 1_000; i++) wheel.set(new Deadline(() => undefined), clock.now(), 3_000_000 + i * 7);
    clock.advance(600_000);
    assert.ok(clock.wakeUps <= 601, `${clock.wakeUps} wake-ups`);
  });

  it("moves a deadline that is set again", () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    let fired = 0;
    const deadline = new Deadline(() => fired++);
    wheel.set(deadline, clock.now(), 100);
    clock.advance(90);
    wheel.set(deadline, clock.now(), 100);
    clock.advance(99);
    assert.equal(fired, 0);
    clock.advance(1 + TOLERANCE_MS);
    assert.equal(fired, 1);
    assert.equal(deadline.isSet, false);
  });

  it("lets a deadline set itself again from its own callback", () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    let fired = 0;
    const deadline: Deadline = new Deadline(() => {
      fired++;
      if (fired < 5) wheel.set(deadline, clock.now(), 0);
    });
    wheel.set(deadline, clock.now(), 0);
    clock.advance(200);
    assert.equal(fired, 5);
  });

  it("stop ends everything", () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    let fired = 0;
    wheel.set(new Deadline(() => fired++), clock.now(), 10);
    wheel.stop();
    clock.advance(1_000);
    assert.equal(fired, 0);
    assert.equal(clock.timers, 0);
  });

  it("never fires early, lost or twice, whatever is set, cleared and stalled", () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant("set" as const),
        id: fc.nat(9),
        ms: fc.oneof(fc.nat(50), fc.nat(5_000), fc.nat(100_000)),
      }),
      fc.record({ kind: fc.constant("clear" as const), id: fc.nat(9), ms: fc.constant(0) }),
      fc.record({
        kind: fc.constant("advance" as const),
        id: fc.constant(0),
        ms: fc.oneof(fc.nat(30), fc.nat(3_000)),
      }),
      fc.record({ kind: fc.constant("stall" as const), id: fc.constant(0), ms: fc.nat(6_000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const clock = new ManualClock();
        const wheel = new TimerWheel(clock);
        const due = new Map<number, number>();
        const deadlines = Array.from(
          { length: 10 },
          (_, id) =>
            new Deadline(() => {
              const at = due.get(id);
              assert.ok(at !== undefined, "fired though cleared, or twice");
              assert.ok(clock.now() >= at, "early");
              due.delete(id);
            }),
        );
        for (const { kind, id, ms } of steps) {
          const deadline = deadlines[id];
          assert.ok(deadline !== undefined);
          if (kind === "advance") clock.advance(ms);
          else if (kind === "stall") clock.stall(ms);
          else if (kind === "clear") {
            deadline.clear();
            due.delete(id);
          } else {
            wheel.set(deadline, clock.now(), ms);
            due.set(id, clock.now() + ms);
          }
        }
        clock.advance(TOLERANCE_MS);
        for (const at of due.values()) assert.ok(at + TOLERANCE_MS >= clock.now(), "late");
        clock.advance(200_000);
        assert.equal(due.size, 0, "lost");
      }),
      { numRuns: 500 },
    );
  });
});
