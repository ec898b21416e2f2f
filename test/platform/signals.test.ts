import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { onTermination } from "../../src/platform/signals.ts";

describe("onTermination", () => {
  const cases = [
    { signals: ["SIGTERM"], does: ["drain"] },
    { signals: ["SIGINT"], does: ["drain"] },
    { signals: ["SIGINT", "SIGINT"], does: ["drain", "abort"] },
    { signals: ["SIGTERM", "SIGINT", "SIGTERM"], does: ["drain", "abort", "abort"] },
    { signals: ["SIGHUP"], does: [] },
  ];
  for (const c of cases) {
    it(`does ${c.does.join(", ") || "nothing"} at ${c.signals.join(", ")}`, () => {
      const source = new EventEmitter();
      const done: string[] = [];
      using _ = onTermination(
        () => done.push("drain"),
        () => done.push("abort"),
        source,
      );
      for (const signal of c.signals) source.emit(signal);
      assert.deepEqual(done, c.does);
    });
  }

  it("lets go of the signals", () => {
    const source = new EventEmitter();
    onTermination(assert.fail, assert.fail, source)[Symbol.dispose]();
    assert.deepEqual(source.eventNames(), []);
  });
});
