import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { onCrash } from "../../src/platform/crash.ts";

describe("onCrash", () => {
  const exits: number[] = [];
  const source = Object.assign(new EventEmitter(), { exit: (code: number) => void exits.push(code) });
  beforeEach(() => {
    exits.length = 0;
  });

  it("reports what nobody caught, then ends the process with 1", () => {
    const reported: unknown[] = [];
    const error = new Error("a defect");
    using _ = onCrash((found) => reported.push(found, exits.length), source);
    source.emit("uncaughtException", error);
    assert.deepEqual(reported, [error, 0]);
    assert.deepEqual(exits, [1]);
  });

  it("ends the process where the report fails too", () => {
    using _ = onCrash(() => {
      throw new Error("nobody reads");
    }, source);
    assert.throws(() => source.emit("uncaughtException", new Error("a defect")), /nobody reads/);
    assert.deepEqual(exits, [1]);
  });

  it("leaves nothing behind when disposed", () => {
    onCrash(() => undefined, source)[Symbol.dispose]();
    assert.equal(source.listenerCount("uncaughtException"), 0);
  });
});
