import assert from "node:assert/strict";
import { systemReflectorClock } from "../../src/kubernetes/reflector-clock.ts";

describe("systemReflectorClock", () => {
  it("runs timers, but for those that were stopped, and knows that time has passed", async () => {
    const start = systemReflectorClock.now();
    const ran: string[] = [];
    const stopped = systemReflectorClock.startTimer(() => ran.push("stopped"), 1);
    await new Promise<void>((resolve) => {
      systemReflectorClock.startTimer(() => {
        ran.push("kept");
        resolve();
      }, 2);
      stopped.stop();
    });
    assert.deepEqual(ran, ["kept"]);
    assert.ok(systemReflectorClock.now() > start);
  });
});
