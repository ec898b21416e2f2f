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
});

describe("bootTime", () => {
  it("goes forward as the other clock does", async () => {
    const [boot, now] = [bootTime(), systemClock.now()];
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    const drift = bootTime() - boot - (systemClock.now() - now);
    assert.ok(Math.abs(drift) < 25, `${drift}`);
  });
});
