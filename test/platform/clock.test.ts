import assert from "node:assert/strict";
import { bootTime, systemClock } from "../../src/platform/clock.ts";

describe("systemClock", () => {
  it("goes forward, in steps of less than a millisecond", () => {
    const times = Array.from({ length: 1_000 }, systemClock.now);
    assert.deepEqual(
      times.toSorted((a, b) => a - b),
      times,
    );
    assert.ok(times.some((time) => !Number.isInteger(time)));
  });

  it("tells the time of day", () => {
    const before = Date.now();
    const told = systemClock.wallTime();
    assert.ok(before <= told && told <= Date.now());
  });

  it("runs timers, but for those that were stopped", async () => {
    const ran: string[] = [];
    const stopped = systemClock.startTimer(() => ran.push("stopped"), 1);
    await new Promise<void>((resolve) => {
      systemClock.startTimer(() => {
        ran.push("kept");
        resolve();
      }, 2);
      stopped.stop();
    });
    assert.deepEqual(ran, ["kept"]);
  });
});

describe("bootTime", () => {
  it("goes forward, in milliseconds since before this process began", () => {
    const times = Array.from({ length: 100 }, bootTime);
    assert.deepEqual(
      times.toSorted((a, b) => a - b),
      times,
    );
    assert.ok(bootTime() >= performance.now() - 10);
  });
});
