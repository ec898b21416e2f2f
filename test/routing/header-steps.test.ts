import assert from "node:assert/strict";
import {
  headerStep,
  hostOf,
  ignoredHeaders,
  NO_STEPS,
  planHeaderSteps,
} from "../../src/routing/header-steps.ts";

describe("planHeaderSteps", () => {
  it("keeps a name's case for the wire, and has it without case for comparing", () => {
    const steps = planHeaderSteps({
      set: [{ name: "X-Set", value: "a" }],
      add: [{ name: "X-Add", value: "b,c" }],
      remove: ["X-Gone"],
    });
    assert.deepEqual(steps, [
      { kind: "set", name: "X-Set", lowerCaseName: "x-set", value: "a" },
      { kind: "add", name: "X-Add", lowerCaseName: "x-add", value: "b,c" },
      { kind: "remove", name: "X-Gone", lowerCaseName: "x-gone", value: "" },
    ]);
  });

  it("leaves alone what frames the message or belongs to the connection", () => {
    const names = [
      "Content-Length",
      "transfer-encoding",
      "Connection",
      "TE",
      "Upgrade",
      "Host",
      ":authority",
    ];
    const modifier = {
      set: names.map((name) => ({ name, value: "1" })),
      add: names.map((name) => ({ name, value: "1" })),
      remove: [...names, "x-ok"],
    };
    assert.deepEqual(planHeaderSteps(modifier), [headerStep("remove", "x-ok", "")]);
    assert.deepEqual(new Set(ignoredHeaders(modifier)), new Set(names));
  });

  it("gives the one empty list where there is nothing to do", () => {
    assert.equal(planHeaderSteps({ set: [], add: [], remove: ["host"] }), NO_STEPS);
  });
});

describe("hostOf", () => {
  const cases: readonly { name: string; value: string; expected: string | undefined }[] = [
    { name: "Host", value: "other:8080", expected: "other:8080" },
    { name: "host", value: "a b", expected: undefined },
    { name: "x-host", value: "other", expected: undefined },
  ];
  for (const c of cases) {
    it(`${c.name}: ${c.value} → ${c.expected}`, () => {
      assert.equal(hostOf({ set: [c], add: [], remove: [] }), c.expected);
    });
  }
});
