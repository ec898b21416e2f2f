import assert from "node:assert/strict";
import { parseHttpRoute } from "../../../src/resources/http-route/parse-http-route.ts";
import { problemsOf, valueOf } from "../parsing.ts";
import { routeInput } from "./route-input.ts";

const everyRequest = { path: { kind: "PathPrefix", value: "/" }, headers: [], queryParams: [] };

describe("parseHttpRoute", () => {
  it("gives a route without rules the default one", () => {
    const { meta, ...rest } = valueOf(parseHttpRoute(routeInput({})));
    assert.equal(meta.namespace, "store");
    assert.deepEqual(rest, {
      kind: "HTTPRoute",
      parentRefs: [],
      hostnames: [],
      rules: [
        { matches: [everyRequest], filters: [], backendRefs: [], timeouts: {}, hasSessionPersistence: false },
      ],
    });
  });

  it("keeps parentRefs as they are written", () => {
    const parentRefs = [
      { group: "", kind: "Service", name: "shop", port: 80 },
      { group: "core", kind: "Service", namespace: "store", name: "shop", port: 80, sectionName: "web" },
      { name: "gateway" },
    ];
    assert.deepEqual(valueOf(parseHttpRoute(routeInput({ parentRefs }))).parentRefs, parentRefs);
  });

  it("reads hostnames, and passes over fields that it does not know", () => {
    const spec = { hostnames: ["shop.example.com", "*.example.com"], useDefaultGateways: "All", future: {} };
    const route = { ...(routeInput(spec) as object), status: { parents: 7 } };
    assert.deepEqual(valueOf(parseHttpRoute(route)).hostnames, ["shop.example.com", "*.example.com"]);
  });

  it("takes more rules and matches than the API server would", () => {
    const rules = Array.from({ length: 200 }, (_, index) => ({
      name: `rule-${index}`,
      matches: [{ path: { value: `/${index}` } }, { path: { value: `/x/${index}` } }],
    }));
    assert.equal(valueOf(parseHttpRoute(routeInput({ rules }))).rules.length, 200);
  });

  const good: readonly { name: string; parentRefs: readonly object[] }[] = [
    {
      name: "two ports of one parent",
      parentRefs: [
        { name: "a", port: 1 },
        { name: "a", port: 2 },
      ],
    },
    {
      name: "two sections of one parent",
      parentRefs: [
        { name: "a", sectionName: "x" },
        { name: "a", sectionName: "y" },
      ],
    },
    {
      name: "one name in two namespaces",
      parentRefs: [
        { name: "a", namespace: "m" },
        { name: "a", namespace: "n" },
      ],
    },
    {
      name: "one name of two kinds",
      parentRefs: [
        { name: "a", port: 1 },
        { name: "a", kind: "Service", group: "" },
      ],
    },
  ];
  for (const { name, parentRefs } of good) {
    it(`takes ${name}`, () => {
      assert.deepEqual(valueOf(parseHttpRoute(routeInput({ parentRefs }))).parentRefs, parentRefs);
    });
  }

  const bad: readonly { name: string; spec: unknown; problems: readonly string[] }[] = [
    { name: "no spec", spec: null, problems: ["spec: is required"] },
    {
      name: "parts of wrong types",
      spec: { parentRefs: {}, hostnames: "a", rules: 1 },
      problems: [
        "spec.parentRefs: must be a list, not an object",
        "spec.hostnames: must be a list, not a string",
        "spec.rules: must be a list, not a number",
      ],
    },
    {
      name: "an empty list of rules",
      spec: { rules: [] },
      problems: ["spec.rules: must have at least 1 item"],
    },
    {
      name: "hostnames that are none",
      spec: { hostnames: ["Shop.example.com", "a.*.b", "", "shop:80"] },
      problems: [
        'spec.hostnames[0]: must be a lower-case host name, at most with a leading *., not "Shop.example.com"',
        'spec.hostnames[1]: must be a lower-case host name, at most with a leading *., not "a.*.b"',
        "spec.hostnames[2]: must not be empty",
        'spec.hostnames[3]: must be a lower-case host name, at most with a leading *., not "shop:80"',
      ],
    },
    {
      name: "more hostnames and parents than the API allows",
      spec: {
        hostnames: Array.from({ length: 17 }, (_, index) => `h${index}`),
        parentRefs: Array.from({ length: 33 }, (_, index) => ({ name: `p${index}` })),
      },
      problems: [
        "spec.parentRefs: must have at most 32 items, not 33",
        "spec.hostnames: must have at most 16 items, not 17",
      ],
    },
    {
      name: "parentRefs that are wrong",
      spec: {
        parentRefs: [
          {},
          { name: "a", group: "A", kind: "1", namespace: "a.b", sectionName: "", port: 0 },
          "x",
        ],
      },
      problems: [
        "spec.parentRefs[0].name: is required",
        'spec.parentRefs[1].group: must be an API group (a lower-case DNS name, or empty), not "A"',
        'spec.parentRefs[1].kind: must be a kind (letters, digits, -), not "1"',
        'spec.parentRefs[1].namespace: must be a lower-case DNS label (a-z, 0-9, -), not "a.b"',
        "spec.parentRefs[1].sectionName: must not be empty",
        "spec.parentRefs[1].port: must be between 1 and 65535, not 0",
        "spec.parentRefs[2]: must be an object, not a string",
      ],
    },
    {
      name: "the same parent twice",
      spec: {
        parentRefs: [
          { name: "a", kind: "Gateway" },
          { name: "a" },
          { name: "b", port: 1 },
          { name: "b", port: 1 },
        ],
      },
      problems: [
        "spec.parentRefs[1]: has the same parent, sectionName and port as item 0",
        "spec.parentRefs[3]: has the same parent, sectionName and port as item 2",
      ],
    },
    {
      name: "a parent as a whole beside a part of it",
      spec: { parentRefs: [{ name: "a" }, { name: "a", port: 1 }, { name: "a", sectionName: "x" }] },
      problems: [
        "spec.parentRefs[1]: must have port exactly if the other references to the parent have it",
        "spec.parentRefs[2]: must have sectionName exactly if the other references to the parent have it",
      ],
    },
    {
      name: "two rules of one name",
      spec: { rules: [{ name: "a" }, {}, { name: "b" }, { name: "a" }] },
      problems: ["spec.rules[3]: has the same name as item 0"],
    },
    {
      name: "a problem in each of several rules",
      spec: { rules: [{ name: "A" }, 1, { backendRefs: [{}] }] },
      problems: [
        'spec.rules[0].name: must be a lower-case DNS name (a-z, 0-9, -, .), not "A"',
        "spec.rules[1]: must be an object, not a number",
        "spec.rules[2].backendRefs[0].name: is required",
        "spec.rules[2].backendRefs[0].port: is required for a Service",
      ],
    },
  ];
  for (const { name, spec, problems } of bad) {
    it(`refuses ${name}`, () => assert.deepEqual(problemsOf(parseHttpRoute(routeInput(spec))), problems));
  }
});
