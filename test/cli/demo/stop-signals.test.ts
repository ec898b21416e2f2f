import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { onStopSignals } from "../../../src/cli/demo/stop-signals.ts";

interface Case {
  readonly name: string;
  readonly signals: readonly (readonly [atMs: number, signal: string])[];
  readonly called: readonly string[];
}

const cases: readonly Case[] = [
  { name: "stops at the first", signals: [[0, "SIGTERM"]], called: ["stop"] },
  {
    name: "takes what comes at once after it for the same",
    signals: [
      [0, "SIGINT"],
      [5, "SIGINT"],
    ],
    called: ["stop"],
  },
  {
    name: "stops at once at a later one",
    signals: [
      [0, "SIGINT"],
      [500, "SIGHUP"],
    ],
    called: ["stop", "stopAtOnce"],
  },
];

describe("onStopSignals", () => {
  for (const c of cases) {
    it(c.name, () => {
      const source = new EventEmitter();
      const called: string[] = [];
      let nowMs = 0;
      using _ = onStopSignals({
        stop: () => called.push("stop"),
        stopAtOnce: () => called.push("stopAtOnce"),
        now: () => nowMs,
        source,
      });
      for (const [atMs, signal] of c.signals) {
        nowMs = atMs;
        source.emit(signal);
      }
      assert.deepEqual(called, c.called);
    });
  }

  it("listens no more once it is disposed", () => {
    const source = new EventEmitter();
    onStopSignals({ stop: () => assert.fail(), stopAtOnce: () => undefined, now: () => 0, source })[
      Symbol.dispose
    ]();
    source.emit("SIGTERM");
    assert.equal(source.listenerCount("SIGINT"), 0);
  });
});
