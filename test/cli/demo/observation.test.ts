import assert from "node:assert/strict";
import { type Answer, type Arrival, observe } from "../../../src/cli/demo/observation.ts";

const answer = (fields: Partial<Answer>): Answer => ({
  backend: "cart",
  endpoint: "127.0.0.1:1",
  rule: "route/rule",
  status: 200,
  failure: undefined,
  tries: 1,
  durationMs: 1,
  ...fields,
});

const arrival = (fields: Partial<Arrival>): Arrival => ({
  backend: "cart",
  endpoint: "127.0.0.1:1",
  path: "/",
  ...fields,
});

describe("observe", () => {
  it("knows nothing where nothing was answered", () => {
    assert.equal(observe([], [arrival({})]), undefined);
  });

  it("tells answers apart by who gave them and how, those of the sidecar last", () => {
    const own = { backend: undefined, status: 504, failure: "timeout" };
    const answers = [answer(own), answer({ backend: "b" }), answer({ backend: "a", status: 503 })];
    assert.deepEqual(
      observe([...answers, answer({ backend: "a" }), answer(own)], [])?.shares.map(
        ({ backend, status, share }) => [backend, status, share],
      ),
      [
        ["a", 200, 0.2],
        ["a", 503, 0.2],
        ["b", 200, 0.2],
        [undefined, 504, 0.4],
      ],
    );
  });

  it("has the median time, the last rule and the mean of the tries", () => {
    const answers = [9, 1, 3].map((durationMs, index) =>
      answer({ durationMs, tries: index + 1, rule: `route/${index}` }),
    );
    const observation = observe(answers, []);
    assert.equal(observation?.shares[0]?.medianMs, 3);
    assert.equal(observation?.rule, "route/2");
    assert.equal(observation?.triesPerRequest, 2);
  });

  it("takes what reached pods that answered no client for copies", () => {
    const answers = [answer({}), answer({}), answer({}), answer({})];
    const arrivals = [
      arrival({}),
      arrival({ backend: "next", endpoint: "127.0.0.1:2" }),
      arrival({ backend: "alpha", endpoint: "127.0.0.1:3" }),
      arrival({ backend: "next", endpoint: "127.0.0.1:2" }),
    ];
    assert.deepEqual(observe(answers, arrivals)?.copies, [
      { backend: "alpha", share: 0.25 },
      { backend: "next", share: 0.5 },
    ]);
  });
});
