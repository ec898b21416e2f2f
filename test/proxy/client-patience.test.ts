import assert from "node:assert/strict";
import { ClientPatience } from "../../src/proxy/client-patience.ts";
import { DEFAULT_PROXY_LIMITS } from "../../src/proxy/limits.ts";
import { TimerWheel } from "../../src/proxy/timer-wheel.ts";

/** A client that is waited for on a clock that only moves when told. */
function waiting() {
  let time = 1_000_000;
  let timer: { readonly at: number; readonly callback: () => void } | undefined;
  const now = (): number => time;
  const wheel = new TimerWheel({
    now,
    startTimer: (callback, delayMs) => {
      timer = { at: time + delayMs, callback };
      return {
        stop: () => {
          timer = undefined;
        },
      };
    },
  });
  const events: string[] = [];
  const limits = { ...DEFAULT_PROXY_LIMITS, downstreamIdleTimeoutMs: 60_000, headTimeoutMs: 10_000 };
  const patience = new ClientPatience(
    { limits, wheel, now },
    {
      onImpatient: (awaited) => events.push(`impatient: ${awaited}`),
      onSettled: () => events.push("settled"),
      onIdleTooLong: () => events.push("idle too long"),
    },
  );
  const pass = (ms: number): string[] => {
    const end = time + ms;
    while (timer !== undefined && timer.at <= end) {
      const { at, callback } = timer;
      time = Math.max(time, at);
      timer = undefined;
      callback();
    }
    time = end;
    return events.splice(0);
  };
  return { patience, pass };
}

describe("ClientPatience", () => {
  it("settles after a pause, again after each burst of requests, and ends an idle connection", () => {
    const { patience, pass } = waiting();
    assert.deepEqual(pass(2_000), ["settled"]);
    for (let burst = 0; burst < 3; burst++) {
      patience.stop();
      patience.awaitRequest();
      assert.deepEqual(pass(500), []);
      patience.stop();
      patience.awaitRequest();
      assert.deepEqual(pass(2_000), ["settled"]);
    }
    assert.deepEqual(pass(57_000), []);
    assert.deepEqual(pass(3_000), ["idle too long"]);
  });

  it("waits for a head from its first byte, whatever else comes of it", () => {
    const { patience, pass } = waiting();
    patience.awaitHead();
    assert.deepEqual(pass(6_000), []);
    patience.awaitHead();
    assert.deepEqual(pass(6_000), ["impatient: head"]);
  });

  it("is not heard of while it is not the client that is waited for, nor after the end", () => {
    const { patience, pass } = waiting();
    patience.await("body");
    patience.stop();
    assert.deepEqual(pass(4_000_000), []);
    patience.awaitRequest();
    patience.end();
    assert.deepEqual(pass(4_000_000), []);
  });
});
