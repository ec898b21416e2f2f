import assert from "node:assert/strict";
import type { RouteCondition } from "../../../src/binding/route-status.ts";
import { indexGrants } from "../../../src/binding/routes/reference-grants.ts";
import { bindRoute } from "../../../src/binding/routes/route-binding.ts";
import type {
  HttpBackendRef,
  HttpRoute,
  HttpRouteFilter,
  HttpRouteRule,
} from "../../../src/resources/http-route.ts";
import { meshServices, parent, reference, route, rule, service, servicePort } from "../build.ts";

const services = meshServices(
  service({
    ports: [
      servicePort({ name: "http", port: 80 }),
      servicePort({ name: "web", port: 81 }),
      servicePort({ name: "https", port: 443 }),
    ],
  }),
  service({ meta: { name: "canary" }, clusterIPs: ["10.0.0.2"] }),
);

const bind = (of: Parameters<typeof route>[0]) =>
  bindRoute(route(of), { services, grants: indexGrants([]), strictGrants: false });

const bindRules = (...rules: readonly Partial<HttpRouteRule>[]) =>
  bind({ parentRefs: [parent({ port: 80 })], rules: rules.map(rule) });

/** `Accepted=True/Accepted`, the first parent's. */
function outcomes(status: { parents: readonly { conditions: readonly RouteCondition[] }[] }): string[] {
  return (status.parents[0]?.conditions ?? []).map((c) => `${c.type}=${c.status}/${c.reason}`);
}

function messageOf(binding: ReturnType<typeof bind>, type: RouteCondition["type"]): string | undefined {
  return binding.status.parents[0]?.conditions.find((condition) => condition.type === type)?.message;
}

const backend = (of: Partial<HttpBackendRef> = {}): HttpBackendRef => ({
  ref: reference(),
  weight: 1,
  filters: [],
  ...of,
});
const missing = backend({ ref: reference({ name: "nowhere" }) });
const externalAuth: HttpRouteFilter = { kind: "ExternalAuth" };
const extension: HttpRouteFilter = { kind: "ExtensionRef", group: "", refKind: "ConfigMap", name: "auth" };
const redirect: HttpRouteFilter = { kind: "RequestRedirect", redirect: { statusCode: 302 } };
const rewrite: HttpRouteFilter = { kind: "URLRewrite", rewrite: {} };
const mirrorTo = (name: string): HttpRouteFilter => ({
  kind: "RequestMirror",
  backendRef: reference({ name }),
  fraction: { numerator: 1, denominator: 5 },
});
const incompatible = { filters: [redirect, rewrite] };
const unknownPath: Partial<HttpRouteRule> = {
  matches: [
    {
      path: { kind: "Unsupported", field: "matches[0].path.type", value: "Glob" },
      headers: [],
      queryParams: [],
    },
  ],
};

describe("bindRoute", () => {
  it("binds every part of a rule", () => {
    const headers = { set: [{ name: "A", value: "b" }], add: [], remove: [] };
    const modifier: HttpRouteFilter = { kind: "RequestHeaderModifier", headers };
    const full = rule({
      name: "all",
      filters: [modifier, mirrorTo("canary")],
      backendRefs: [backend({ weight: 3, filters: [modifier] }), missing],
      timeouts: { requestMs: 100 },
      retry: { codes: [503], attempts: 2 },
    });
    assert.deepEqual(bindRules(full).bound, {
      namespace: "shop",
      name: "cart-route",
      rules: [
        {
          index: 0,
          name: "all",
          matches: full.matches,
          filters: [
            modifier,
            {
              kind: "RequestMirror",
              target: { kind: "Backend", name: "shop/canary:80" },
              fraction: { numerator: 1, denominator: 5 },
            },
          ],
          backends: [
            { target: { kind: "Backend", name: "shop/cart:80" }, weight: 3, filters: [modifier] },
            {
              target: {
                kind: "Invalid",
                reason: "BackendNotFound",
                message: "Service shop/nowhere does not exist",
              },
              weight: 1,
              filters: [],
            },
          ],
          timeouts: { requestMs: 100 },
          retry: { codes: [503], attempts: 2 },
        },
      ],
    });
  });

  it("attaches a producer route to the ports it names, each once", () => {
    const binding = bind({ parentRefs: [parent({ port: 80 }), parent({ sectionName: "http" }), parent()] });
    assert.deepEqual(binding.ports, [
      { backend: "shop/cart:80", scope: { kind: "producer" } },
      { backend: "shop/cart:81", scope: { kind: "producer" } },
    ]);
    assert.equal(binding.status.parents.length, 3);
  });

  it("attaches a route of another namespace for that namespace's clients", () => {
    const binding = bind({
      meta: { namespace: "test" },
      parentRefs: [parent({ namespace: "shop", port: 81 })],
    });
    assert.deepEqual(binding.ports, [
      { backend: "shop/cart:81", scope: { kind: "consumer", namespace: "test" } },
    ]);
    assert.equal(
      messageOf(binding, "Accepted"),
      "Bound to Service shop/cart, port 81 (web), for clients in namespace test.",
    );
  });

  it("attaches nowhere without a parent that matches", () => {
    assert.deepEqual(bind({ parentRefs: [parent({ name: "nowhere" })] }).ports, []);
  });

  it("has no status for parents of others", () => {
    assert.deepEqual(bind({ parentRefs: [{ name: "gateway" }] }).status.parents, []);
  });

  it("keeps a route without rules, which matches nothing", () => {
    const binding = bindRules();
    assert.deepEqual(binding.bound?.rules, []);
    assert.deepEqual(outcomes(binding.status), ["Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs"]);
  });
});

describe("bindRoute, the conditions", () => {
  it("tell the generation judged and the parentRef as written", () => {
    const parentRef = parent({ group: "core", port: 80 });
    assert.deepEqual(bind({ parentRefs: [parentRef] }).status, {
      kind: "HTTPRoute",
      namespace: "shop",
      name: "cart-route",
      parents: [
        {
          parentRef,
          conditions: [
            {
              type: "Accepted",
              status: "True",
              reason: "Accepted",
              message: "Bound to Service shop/cart, port 80 (http).",
              observedGeneration: 7,
            },
            {
              type: "ResolvedRefs",
              status: "True",
              reason: "ResolvedRefs",
              message: "All references are resolved.",
              observedGeneration: 7,
            },
          ],
        },
      ],
    });
  });

  it("are those of each parent alone", () => {
    const { status } = bind({ parentRefs: [parent({ name: "nowhere" }), parent({ name: "canary" })] });
    assert.deepEqual(
      status.parents.map(({ conditions }) => conditions[0]?.reason),
      ["NoMatchingParent", "Accepted"],
    );
  });

  it("name the ports that stay opaque", () => {
    assert.equal(
      messageOf(bind({}), "Accepted"),
      'Bound to Service shop/cart, ports 80 (http) and 81 (web). Not bound: port 443 (https) declares "https" by its name.',
    );
  });

  it("say what is not in force in an accepted route", () => {
    const binding = bindRules(
      { name: "a", hasSessionPersistence: true },
      { name: "a" },
      { name: "b" },
      { name: "a", hasSessionPersistence: true },
    );
    assert.equal(
      messageOf(binding, "Accepted"),
      'Bound to Service shop/cart, port 80 (http). rules[0].sessionPersistence is not in force. rules[1]: the name "a" is taken by an earlier rule. rules[3]: the name "a" is taken by an earlier rule. rules[3].sessionPersistence is not in force.',
    );
  });

  const accepted = "Accepted=True/Accepted";
  const resolved = "ResolvedRefs=True/ResolvedRefs";
  const notFound = "ResolvedRefs=False/BackendNotFound";
  const cases: readonly {
    readonly name: string;
    readonly rules: readonly Partial<HttpRouteRule>[];
    readonly outcomes: readonly string[];
    /** The indexes of the rules that are served. */
    readonly served: readonly number[];
  }[] = [
    { name: "all is well", rules: [{}, {}], outcomes: [accepted, resolved], served: [0, 1] },
    {
      name: "a backend is missing",
      rules: [{ backendRefs: [missing] }, {}],
      outcomes: [accepted, notFound],
      served: [0, 1],
    },
    {
      name: "a backend without weight is missing",
      rules: [{ backendRefs: [backend(), { ...missing, weight: 0 }] }],
      outcomes: [accepted, notFound],
      served: [0],
    },
    {
      name: "a mirror's backend is missing",
      rules: [{ filters: [mirrorTo("nowhere")] }],
      outcomes: [accepted, notFound],
      served: [0],
    },
    {
      name: "a mirror's backend is missing, on a backend",
      rules: [{ backendRefs: [backend({ filters: [mirrorTo("nowhere")] })] }],
      outcomes: [accepted, notFound],
      served: [0],
    },
    {
      name: "several references are wrong: the first counts",
      rules: [{ backendRefs: [backend({ ref: reference({ kind: "Pod" }) }), missing] }],
      outcomes: [accepted, "ResolvedRefs=False/InvalidKind"],
      served: [0],
    },
    {
      name: "an ExtensionRef can't be resolved",
      rules: [{ filters: [extension] }],
      outcomes: [accepted, "ResolvedRefs=False/InvalidKind"],
      served: [0],
    },
    {
      name: "all rules have filters that exclude each other",
      rules: [incompatible, incompatible],
      outcomes: ["Accepted=False/IncompatibleFilters", resolved],
      served: [],
    },
    {
      name: "all rules are wrong in different ways: the first counts",
      rules: [unknownPath, incompatible],
      outcomes: ["Accepted=False/UnsupportedValue", resolved],
      served: [],
    },
    {
      name: "one rule has filters that exclude each other",
      rules: [{}, incompatible, {}],
      outcomes: [accepted, "PartiallyInvalid=True/IncompatibleFilters", resolved],
      served: [0, 2],
    },
    {
      name: "one rule has a match of an unknown type",
      rules: [unknownPath, {}],
      outcomes: [accepted, "PartiallyInvalid=True/UnsupportedValue", resolved],
      served: [1],
    },
    {
      name: "a dropped rule has a missing backend",
      rules: [{ ...unknownPath, backendRefs: [missing] }, {}],
      outcomes: [accepted, "PartiallyInvalid=True/UnsupportedValue", notFound],
      served: [1],
    },
    {
      name: "the only rule wants ExternalAuth",
      rules: [{ filters: [externalAuth], backendRefs: [backend()] }],
      outcomes: ["Accepted=False/UnsupportedValue", resolved],
      served: [0],
    },
    {
      name: "one rule wants ExternalAuth",
      rules: [{ filters: [externalAuth] }, {}],
      outcomes: [accepted, "PartiallyInvalid=True/UnsupportedValue", resolved],
      served: [0, 1],
    },
    {
      name: "a dropped rule and one that wants ExternalAuth leave nothing to serve",
      rules: [incompatible, { filters: [externalAuth] }],
      outcomes: ["Accepted=False/IncompatibleFilters", resolved],
      served: [1],
    },
  ];
  for (const c of cases) {
    it(`where ${c.name}`, () => {
      const binding = bindRules(...c.rules);
      assert.deepEqual(outcomes(binding.status), c.outcomes);
      assert.deepEqual(binding.bound?.rules.map(({ index }) => index) ?? [], c.served);
      assert.equal(binding.ports.length, c.served.length > 0 ? 1 : 0);
    });
  }

  it("list dropped rules in PartiallyInvalid, and begin as the API demands", () => {
    const binding = bindRules(unknownPath, {}, { ...incompatible, name: "move" });
    assert.equal(
      messageOf(binding, "PartiallyInvalid"),
      'Dropped Rule 0: matches[0].path.type: "Glob" is not supported. Dropped Rule 2 (move): filters: RequestRedirect and URLRewrite exclude each other.',
    );
  });

  it("list them in Accepted where there are no others", () => {
    assert.equal(
      messageOf(bindRules(unknownPath), "Accepted"),
      'No rule of the route can be served. Dropped Rule 0: matches[0].path.type: "Glob" is not supported.',
    );
  });

  it("list every reference that leads nowhere", () => {
    const binding = bindRules(
      { filters: [extension] },
      { backendRefs: [backend({ filters: [mirrorTo("nowhere"), extension] }), missing] },
    );
    assert.equal(
      messageOf(binding, "ResolvedRefs"),
      'rules[0].filters[0]: no filter is known by ConfigMap "auth". rules[1].backendRefs[0].filters[0].requestMirror.backendRef: Service shop/nowhere does not exist. rules[1].backendRefs[0].filters[1]: no filter is known by ConfigMap "auth". rules[1].backendRefs[1]: Service shop/nowhere does not exist.',
    );
  });
});

describe("bindRoute, filters that can't be applied", () => {
  const filtersOf = (binding: ReturnType<typeof bind>) => binding.bound?.rules[0]?.filters;

  it("answers 500 for an ExtensionRef", () => {
    const filter: HttpRouteFilter = {
      kind: "ExtensionRef",
      group: "example.com",
      refKind: "Auth",
      name: "a",
    };
    assert.deepEqual(filtersOf(bindRules({ filters: [filter] })), [
      { kind: "Unresolved", message: 'filters[0]: no filter is known by Auth.example.com "a"' },
    ]);
  });

  it("answers 500 for ExternalAuth, beside the rule's other filters", () => {
    assert.deepEqual(filtersOf(bindRules({ filters: [rewrite, externalAuth] })), [
      rewrite,
      { kind: "Unresolved", message: 'filters[1]: "ExternalAuth" is not supported' },
    ]);
  });

  it("answers 500 for a filter of an unknown type", () => {
    const filter: HttpRouteFilter = { kind: "Unsupported", field: "filters[0].type", value: "Cache" };
    assert.deepEqual(filtersOf(bindRules({ filters: [filter] })), [
      { kind: "Unresolved", message: 'filters[0].type: "Cache" is not supported' },
    ]);
  });

  it("answers 500 for the share of the backend that wants it", () => {
    const binding = bindRules({ backendRefs: [backend({ filters: [externalAuth] }), backend()] });
    assert.deepEqual(
      binding.bound?.rules[0]?.backends.map(({ filters }) => filters),
      [[{ kind: "Unresolved", message: 'backendRefs[0].filters[0]: "ExternalAuth" is not supported' }], []],
    );
  });

  it("does not open a guarded rule because its other filters exclude each other", () => {
    const guarded = { filters: [redirect, rewrite, externalAuth], backendRefs: [backend()] };
    const [closed, open] = bindRules(guarded, { backendRefs: [backend()] }).bound?.rules ?? [];
    const message = "filters: RequestRedirect excludes backendRefs; its requests are answered 500";
    assert.deepEqual(closed?.filters, [{ kind: "Unresolved", message }]);
    assert.deepEqual(closed.backends, []);
    assert.deepEqual(open?.filters, []);
  });
});

describe("bindRoute, what it never does", () => {
  it("changes its input", () => {
    const frozen = (value: HttpRoute): HttpRoute => {
      const freeze = (part: unknown): void => {
        if (typeof part !== "object" || part === null) return;
        Object.values(Object.freeze(part)).forEach(freeze);
      };
      freeze(value);
      return value;
    };
    const input = frozen(route({ rules: [rule({ filters: [externalAuth], backendRefs: [missing] })] }));
    assert.doesNotThrow(() => bindRoute(input, { services, grants: indexGrants([]), strictGrants: true }));
  });
});
