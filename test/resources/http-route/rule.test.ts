import assert from "node:assert/strict";
import type { HttpBackendRef, RouteRetry, RouteTimeouts } from "../../../src/resources/http-route.ts";
import { ruleOf, ruleProblems } from "./route-input.ts";

describe("a rule", () => {
  it("matches every request where it says nothing, or nothing much", () => {
    const everyRequest = [{ path: { kind: "PathPrefix", value: "/" }, headers: [], queryParams: [] }];
    for (const rule of [
      {},
      { matches: null },
      { matches: [] },
      { matches: [{}] },
      { matches: [{ path: {} }] },
    ]) {
      assert.deepEqual(ruleOf(rule).matches, everyRequest);
    }
  });

  it("has a name, if it says so", () => {
    assert.equal(ruleOf({ name: "canary" }).name, "canary");
    assert.equal("name" in ruleOf({}), false);
  });

  it("says whether it asks for session persistence", () => {
    const persistence = { type: "Cookie", cookie: { name: "session" } };
    assert.equal(ruleOf({ sessionPersistence: persistence }).hasSessionPersistence, true);
    assert.equal(ruleOf({ sessionPersistence: null }).hasSessionPersistence, false);
    assert.deepEqual(ruleProblems({ sessionPersistence: "Cookie" }), [
      "sessionPersistence: must be an object, not a string",
    ]);
  });

  it("has limits", () => {
    const many = (count: number, item: object): readonly object[] =>
      Array.from({ length: count }, () => item);
    assert.deepEqual(
      ruleProblems({
        matches: many(65, {}),
        filters: many(17, { type: "Future" }),
        backendRefs: many(17, { name: "a", port: 1 }),
      }),
      [
        "matches: must have at most 64 items, not 65",
        "filters: must have at most 16 items, not 17",
        "backendRefs: must have at most 16 items, not 17",
      ],
    );
  });
});

describe("backendRefs", () => {
  const good: readonly { name: string; ref: object; expect: HttpBackendRef }[] = [
    {
      name: "a Service by default, with a weight of 1",
      ref: { name: "shop", port: 80 },
      expect: { ref: { group: "", kind: "Service", name: "shop", port: 80 }, weight: 1, filters: [] },
    },
    {
      name: "every field",
      ref: {
        group: "",
        kind: "Service",
        namespace: "store",
        name: "shop",
        port: 80,
        weight: 0,
        filters: [{ type: "URLRewrite", urlRewrite: { hostname: "a" } }],
      },
      expect: {
        ref: { group: "", kind: "Service", namespace: "store", name: "shop", port: 80 },
        weight: 0,
        filters: [{ kind: "URLRewrite", rewrite: { hostname: "a" } }],
      },
    },
    {
      name: "the other name of the core group",
      ref: { group: "core", kind: "Service", name: "shop", port: 80 },
      expect: { ref: { group: "", kind: "Service", name: "shop", port: 80 }, weight: 1, filters: [] },
    },
    {
      name: "another kind, which needs no port",
      ref: { group: "gateway.networking.x-k8s.io", kind: "XBackend", name: "shop", weight: 1_000_000 },
      expect: {
        ref: { group: "gateway.networking.x-k8s.io", kind: "XBackend", name: "shop" },
        weight: 1_000_000,
        filters: [],
      },
    },
    {
      name: "another kind of the core group, and a name of any form",
      ref: { kind: "Pod", name: "Shop_1" },
      expect: { ref: { group: "", kind: "Pod", name: "Shop_1" }, weight: 1, filters: [] },
    },
  ];
  for (const { name, ref, expect } of good) {
    it(`take ${name}`, () => assert.deepEqual(ruleOf({ backendRefs: [ref] }).backendRefs, [expect]));
  }

  it("place the unsupported filter that they have", () => {
    const backendRefs = [
      { name: "a", port: 1 },
      { name: "b", port: 1, filters: [{ type: "Delay" }] },
    ];
    assert.deepEqual(ruleOf({ backendRefs }).backendRefs[1]?.filters, [
      { kind: "Unsupported", field: "backendRefs[1].filters[0].type", value: "Delay" },
    ]);
  });

  const bad: readonly { name: string; ref: unknown; problems: readonly string[] }[] = [
    { name: "no object", ref: "shop", problems: ["backendRefs[0]: must be an object, not a string"] },
    {
      name: "a Service without a port",
      ref: { name: "shop" },
      problems: ["backendRefs[0].port: is required for a Service"],
    },
    {
      name: "wrong weights and ports",
      ref: { name: "shop", port: 65_536, weight: -1 },
      problems: [
        "backendRefs[0].port: must be between 1 and 65535, not 65536",
        "backendRefs[0].weight: must be between 0 and 1000000, not -1",
      ],
    },
    {
      name: "a weight that is too high or no number",
      ref: { name: "", kind: "", namespace: "", port: 1, weight: 1_000_001 },
      problems: [
        "backendRefs[0].kind: must not be empty",
        "backendRefs[0].name: must not be empty",
        "backendRefs[0].namespace: must not be empty",
        "backendRefs[0].weight: must be between 0 and 1000000, not 1000001",
      ],
    },
  ];
  for (const { name, ref, problems } of bad) {
    it(`refuse ${name}`, () => assert.deepEqual(ruleProblems({ backendRefs: [ref] }), problems));
  }
});

describe("timeouts", () => {
  const good: readonly { timeouts: unknown; expect: RouteTimeouts }[] = [
    { timeouts: null, expect: {} },
    { timeouts: {}, expect: {} },
    { timeouts: { request: "10s" }, expect: { requestMs: 10_000 } },
    {
      timeouts: { request: "1s", backendRequest: "1s" },
      expect: { requestMs: 1000, backendRequestMs: 1000 },
    },
    { timeouts: { request: "0s", backendRequest: "5m" }, expect: { backendRequestMs: 300_000 } },
    { timeouts: { request: "1s", backendRequest: "0h" }, expect: { requestMs: 1000 } },
  ];
  for (const { timeouts, expect } of good) {
    it(`take ${JSON.stringify(timeouts)}`, () => assert.deepEqual(ruleOf({ timeouts }).timeouts, expect));
  }

  const bad: readonly { timeouts: unknown; problems: readonly string[] }[] = [
    { timeouts: "1s", problems: ["timeouts: must be an object, not a string"] },
    {
      timeouts: { request: "1s", backendRequest: "1001ms" },
      problems: ["timeouts.backendRequest: must not be longer than request"],
    },
    {
      timeouts: { request: 10, backendRequest: "10" },
      problems: [
        "timeouts.request: must be a duration such as 500ms, not a number",
        'timeouts.backendRequest: must be a duration such as 500ms or 1h30m, not "10"',
      ],
    },
  ];
  for (const { timeouts, problems } of bad) {
    it(`refuse ${JSON.stringify(timeouts)}`, () => assert.deepEqual(ruleProblems({ timeouts }), problems));
  }
});

describe("retry", () => {
  const good: readonly { retry: unknown; expect: RouteRetry }[] = [
    { retry: {}, expect: { codes: [], attempts: 1 } },
    { retry: { attempts: 0 }, expect: { codes: [], attempts: 0 } },
    {
      retry: { codes: [500, 503, 500], attempts: 3, backoff: "250ms" },
      expect: { codes: [500, 503], attempts: 3, backoffMs: 250 },
    },
    { retry: { backoff: "0s" }, expect: { codes: [], attempts: 1, backoffMs: 0 } },
  ];
  for (const { retry, expect } of good) {
    it(`takes ${JSON.stringify(retry)}`, () => assert.deepEqual(ruleOf({ retry }).retry, expect));
  }

  it("is absent where the rule has none", () => {
    assert.equal("retry" in ruleOf({}), false);
    assert.equal("retry" in ruleOf({ retry: null }), false);
  });

  it("is refused with every problem", () => {
    assert.deepEqual(ruleProblems({ retry: { codes: [399, 600, "500"], attempts: -1, backoff: "fast" } }), [
      "retry.codes[0]: must be between 400 and 599, not 399",
      "retry.codes[1]: must be between 400 and 599, not 600",
      "retry.codes[2]: must be a number, not a string",
      "retry.attempts: must be 0 or more, not -1",
      'retry.backoff: must be a duration such as 500ms or 1h30m, not "fast"',
    ]);
  });
});
