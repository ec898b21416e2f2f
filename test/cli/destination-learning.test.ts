import assert from "node:assert/strict";
import { DestinationLearning } from "../../src/cli/destination-learning.ts";

type Knowledge = "known" | "unknown-to-controller" | "not-learned";

/** A client of the controller that answers as a test says. */
function start(options: { readonly knows?: Knowledge; readonly hasToWait?: boolean }) {
  let nowMs = 0;
  const asked: string[] = [];
  const told: [result: string, waitedMs: number][] = [];
  const reasons: string[] = [];
  let settle = (_isKnown: boolean): void => undefined;
  let cancelled = 0;
  const client = {
    learn: (name: string, onSettled: (isKnown: boolean) => void) => {
      asked.push(name);
      settle = onSettled;
      return options.hasToWait === false ? undefined : () => void cancelled++;
    },
    knows: () => options.knows ?? "not-learned",
  };
  const learning = new DestinationLearning({
    client: () => client,
    now: () => nowMs,
    onSettled: (result, waitedMs) => told.push([result, waitedMs]),
  });
  return {
    learn: (address: string) => learning.learn({ address, port: 80 }, (reason) => reasons.push(reason)),
    settle: (isKnown: boolean, afterMs: number) => {
      nowMs += afterMs;
      settle(isKnown);
    },
    asked,
    told,
    reasons,
    cancelled: () => cancelled,
  };
}

describe("learning a destination", () => {
  it("asks by the name of its Frontend", () => {
    const { learn, asked } = start({});
    learn("10.96.0.1");
    learn("fd00::1");
    assert.deepEqual(asked, ["10.96.0.1:80", "[fd00::1]:80"]);
  });

  const outcomes = [
    { name: "it is a Service port", isKnown: true, knows: "known", result: "learned", reason: "not_learned" },
    {
      name: "no Service has it",
      isKnown: false,
      knows: "unknown-to-controller",
      result: "unknown_destination",
      reason: "unknown_destination",
    },
    {
      name: "nobody says",
      isKnown: false,
      knows: "not-learned",
      result: "not_learned",
      reason: "not_learned",
    },
  ] as const;
  for (const { name, isKnown, knows, result, reason } of outcomes) {
    it(`tells that ${name}, and how long that took`, () => {
      const { learn, settle, told, reasons } = start({ knows });
      assert.equal(learn("10.96.0.1").kind, "begun");
      settle(isKnown, 3);
      assert.deepEqual(told, [[result, 3]]);
      assert.deepEqual(reasons, [reason]);
    });
  }

  for (const [knows, reason] of [
    ["unknown-to-controller", "unknown_destination"],
    ["not-learned", "not_learned"],
  ] as const) {
    it(`waits for nothing where it is ${knows}`, () => {
      const { learn, told } = start({ knows, hasToWait: false });
      assert.deepEqual(learn("10.96.0.1"), { kind: "unknown", reason });
      assert.deepEqual(told, []);
    });
  }

  it("can be cancelled", () => {
    const { learn, cancelled } = start({});
    const learning = learn("10.96.0.1");
    assert.ok(learning.kind === "begun");
    learning.cancel();
    assert.equal(cancelled(), 1);
  });
});
