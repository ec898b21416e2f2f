import assert from "node:assert/strict";
import type { BoundBackendRef, BoundFilter, BoundRule } from "../../src/binding/frontend.ts";
import type { HeaderModifier, HttpRouteMatch } from "../../src/resources/http-route.ts";
import { compileRule } from "../../src/routing/compile-rule.ts";
import type { CompiledBackend, CompiledRule } from "../../src/routing/compiled-rule.ts";
import type { HeaderStep } from "../../src/routing/header-steps.ts";
import { NO_STEPS } from "../../src/routing/header-steps.ts";
import { KEEP_TARGET } from "../../src/routing/rewrite-path.ts";
import { backendRef, exact, prefix, routeOf, ruleOf } from "./route-fixtures.ts";

type Rule = Partial<Omit<BoundRule, "matches">> & { matches?: readonly Partial<HttpRouteMatch>[] };

function compile(rule: Rule): CompiledRule {
  return compileRule(routeOf([]), ruleOf("r", rule));
}

/** The backends that a rule forwards to; none where it does not forward. */
function backendsOf(rule: Rule): readonly CompiledBackend[] {
  const { action } = compile(rule);
  return action.kind === "forward" ? action.backends : [];
}

function firstBackend(rule: Rule): CompiledBackend {
  const [backend] = backendsOf(rule);
  assert.ok(backend);
  return backend;
}

function modifier(changes: Partial<HeaderModifier>): HeaderModifier {
  return { set: [], add: [], remove: [], ...changes };
}

function requestModifier(changes: Partial<HeaderModifier>): BoundFilter {
  return { kind: "RequestHeaderModifier", headers: modifier(changes) };
}

function responseModifier(changes: Partial<HeaderModifier>): BoundFilter {
  return { kind: "ResponseHeaderModifier", headers: modifier(changes) };
}

function textOf(steps: readonly HeaderStep[]): readonly string[] {
  return steps.map(({ kind, name, value }) => `${kind} ${name} ${value}`.trim());
}

const unresolved: BoundFilter = { kind: "Unresolved", message: "no such filter" };
const toOther: BoundFilter = { kind: "RequestRedirect", redirect: { hostname: "other", statusCode: 301 } };
const mirror: BoundFilter = {
  kind: "RequestMirror",
  target: { kind: "Backend", name: "ns/mirror:80" },
  fraction: { numerator: 1, denominator: 2 },
};
const cors = (origin: string): BoundFilter => ({
  kind: "CORS",
  cors: {
    allowOrigins: [origin],
    allowMethods: [],
    allowHeaders: [],
    exposeHeaders: [],
    allowCredentials: false,
    maxAgeSeconds: 5,
  },
});
const stripPrefix: BoundFilter = {
  kind: "URLRewrite",
  rewrite: { path: { kind: "ReplacePrefixMatch", value: "/" } },
};
const invalid: BoundBackendRef = {
  target: { kind: "Invalid", reason: "BackendNotFound", message: "no Service ns/gone" },
  weight: 1,
  filters: [],
};

describe("compileRule", () => {
  it("forwards unchanged where there is no filter", () => {
    assert.deepEqual(firstBackend({ backends: [backendRef("a")] }), {
      target: { kind: "backend", name: "a" },
      weight: 1,
      requestHeaderSteps: NO_STEPS,
      responseHeaderSteps: NO_STEPS,
      rewrite: KEEP_TARGET,
      redirect: undefined,
      mirrors: [],
      cors: undefined,
    });
    assert.equal(firstBackend({}).requestHeaderSteps, NO_STEPS);
    assert.equal(firstBackend({}).rewrite, KEEP_TARGET);
  });

  it("passes on timeouts and retries, with 0 for no limit", () => {
    const retry = { codes: [503], attempts: 2, backoffMs: 10 };
    const { requestTimeoutMs, backendRequestTimeoutMs, ...rule } = compile({
      timeouts: { requestMs: 500, backendRequestMs: 100 },
      retry,
    });
    assert.deepEqual([requestTimeoutMs, backendRequestTimeoutMs, rule.retry], [500, 100, retry]);
    assert.deepEqual([compile({}).requestTimeoutMs, compile({}).backendRequestTimeoutMs], [0, 0]);
    assert.equal(compile({}).retry, undefined);
  });

  describe("what answers 500", () => {
    const cases: readonly { name: string; rule: Rule; message: string }[] = [
      { name: "no backendRefs", rule: { backends: [] }, message: "the rule has no backendRefs" },
      { name: "an unresolved filter", rule: { filters: [unresolved] }, message: "no such filter" },
      { name: "one beside a redirect", rule: { filters: [toOther, unresolved] }, message: "no such filter" },
      {
        name: "the first of two",
        rule: { filters: [unresolved, { ...unresolved, message: "nor this" }] },
        message: "no such filter",
      },
      {
        name: "ReplacePrefixMatch beside an Exact match",
        rule: { matches: [exact("/a")], filters: [stripPrefix] },
        message: "ReplacePrefixMatch needs a rule with exactly one match, of type PathPrefix",
      },
      {
        name: "ReplacePrefixMatch of a redirect beside two matches",
        rule: {
          matches: [prefix("/a"), prefix("/b")],
          backends: [],
          filters: [
            {
              kind: "RequestRedirect",
              redirect: { statusCode: 302, path: { kind: "ReplacePrefixMatch", value: "/" } },
            },
          ],
        },
        message: "ReplacePrefixMatch needs a rule with exactly one match, of type PathPrefix",
      },
    ];
    for (const c of cases) {
      it(c.name, () => assert.deepEqual(compile(c.rule).action, { kind: "fail", message: c.message }));
    }
  });

  it("redirects with the rule's response headers, whatever its backends", () => {
    const { action } = compile({
      filters: [toOther, responseModifier({ set: [{ name: "X", value: "1" }] })],
      backends: [],
    });
    assert.equal(action.kind, "redirect");
    assert.deepEqual(action.kind === "redirect" && textOf(action.responseHeaderSteps), ["set X 1"]);
    assert.equal(action.kind === "redirect" && action.redirect.hostname, "other");
    assert.equal(compile({ filters: [toOther] }).action.kind, "redirect");
  });

  it("applies the rule's filters before those of the backendRef, each in its place", () => {
    const backend = firstBackend({
      filters: [
        requestModifier({ add: [{ name: "a", value: "1" }], set: [{ name: "b", value: "2" }] }),
        responseModifier({ remove: ["c"] }),
        mirror,
      ],
      backends: [
        backendRef("x", 1, [
          requestModifier({ remove: ["a"] }),
          responseModifier({ set: [{ name: "c", value: "3" }] }),
          { ...mirror, target: { kind: "Backend", name: "ns/second:80" } },
        ]),
      ],
    });
    assert.deepEqual(textOf(backend.requestHeaderSteps), ["set b 2", "add a 1", "remove a"]);
    assert.deepEqual(textOf(backend.responseHeaderSteps), ["remove c", "set c 3"]);
    assert.deepEqual(
      backend.mirrors.map((plan) => plan.backend),
      ["ns/mirror:80", "ns/second:80"],
    );
  });

  // HTTPRouteRequestHeaderModifierBackendWeights
  it("keeps the filters of one backendRef from the others", () => {
    const backends = backendsOf({
      backends: [
        backendRef("a", 1, [requestModifier({ set: [{ name: "backend", value: "a" }] })]),
        backendRef("b", 1, [requestModifier({ set: [{ name: "backend", value: "b" }] })]),
        backendRef("c"),
      ],
    });
    assert.deepEqual(
      backends.map((backend) => textOf(backend.requestHeaderSteps)),
      [["set backend a"], ["set backend b"], []],
    );
  });

  describe("rewrites", () => {
    const rewrite = (hostname?: string, value?: string): BoundFilter => ({
      kind: "URLRewrite",
      rewrite: {
        ...(hostname === undefined ? {} : { hostname }),
        ...(value === undefined ? {} : { path: { kind: "ReplaceFullPath", value } }),
      },
    });
    const setHost = (value: string): BoundFilter => requestModifier({ set: [{ name: "Host", value }] });
    const cases: readonly { name: string; rule: BoundFilter[]; backend: BoundFilter[]; expected: unknown }[] =
      [
        {
          name: "of the rule",
          rule: [rewrite("h")],
          backend: [],
          expected: { host: "h", path: { kind: "keep" } },
        },
        {
          name: "of the backendRef (HTTPRouteBackendURLRewrite)",
          rule: [],
          backend: [rewrite(undefined, "/p")],
          expected: { host: undefined, path: { kind: "full", path: "/p" } },
        },
        {
          name: "of both, each for its part",
          rule: [rewrite("h")],
          backend: [rewrite(undefined, "/p")],
          expected: { host: "h", path: { kind: "full", path: "/p" } },
        },
        {
          name: "of both, the backendRef's counts",
          rule: [rewrite("h", "/p")],
          backend: [rewrite("i", "/q")],
          expected: { host: "i", path: { kind: "full", path: "/q" } },
        },
        {
          name: "of the host by a header modifier",
          rule: [setHost("h")],
          backend: [],
          expected: { host: "h", path: { kind: "keep" } },
        },
        {
          name: "of the host twice, the last one counts",
          rule: [rewrite("h", "/p"), setHost("i")],
          backend: [],
          expected: { host: "i", path: { kind: "full", path: "/p" } },
        },
      ];
    for (const c of cases) {
      it(c.name, () => {
        const backend = firstBackend({ filters: c.rule, backends: [backendRef("a", 1, c.backend)] });
        assert.deepEqual(backend.rewrite, c.expected);
        assert.deepEqual(backend.requestHeaderSteps, []);
      });
    }

    it("replace the prefix of the rule's match, by the backendRef's filter too", () => {
      const backend = firstBackend({
        matches: [prefix("/a/")],
        backends: [backendRef("a", 1, [stripPrefix])],
      });
      assert.deepEqual(backend.rewrite.path, { kind: "prefix", prefixLength: 2, replacement: "" });
    });
  });

  it("redirects the share of a backendRef that says so", () => {
    const [first, second] = backendsOf({ backends: [backendRef("a", 1, [toOther]), backendRef("b")] });
    assert.equal(first?.redirect?.hostname, "other");
    assert.equal(second?.redirect, undefined);
  });

  it("drops a mirror that has no target", () => {
    const backend = firstBackend({ filters: [{ ...mirror, target: invalid.target }] });
    assert.deepEqual(backend.mirrors, []);
  });

  describe("CORS", () => {
    it("of the rule is that of its backends and its own", () => {
      const rule = compile({ filters: [cors("*")] });
      assert.equal(rule.cors?.allowsAnyOrigin, true);
      assert.equal(rule.action.kind === "forward" && rule.action.backends[0].cors, rule.cors);
    });

    it("of a backendRef replaces the rule's for its share", () => {
      const rule = compile({
        filters: [cors("*")],
        backends: [backendRef("a", 1, [cors("https://a.example")])],
      });
      assert.equal(rule.cors?.allowsAnyOrigin, true);
      assert.equal(rule.action.kind === "forward" && rule.action.backends[0].cors?.allowsAnyOrigin, false);
    });
  });

  describe("a share that answers 500", () => {
    const cases: readonly { name: string; backend: BoundBackendRef; message: string }[] = [
      { name: "for an invalid reference", backend: invalid, message: "no Service ns/gone" },
      {
        name: "for an unresolved filter",
        backend: backendRef("a", 1, [unresolved]),
        message: "no such filter",
      },
      {
        name: "for an unresolved filter of an invalid reference",
        backend: { ...invalid, filters: [unresolved] },
        message: "no such filter",
      },
      {
        name: "for weights of zero",
        backend: backendRef("a", 0),
        message: "the weights of all backendRefs are zero",
      },
    ];
    for (const c of cases) {
      it(`${c.name} keeps the rule's CORS and mirrors nothing`, () => {
        const backend = firstBackend({ filters: [cors("*"), mirror], backends: [c.backend] });
        assert.deepEqual(backend.target, { kind: "fail", message: c.message });
        assert.equal(backend.cors?.allowsAnyOrigin, true);
        assert.deepEqual(backend.mirrors, []);
      });
    }

    // HTTPRoutePartiallyInvalidViaInvalidReferenceGrant and the like
    it("leaves the other shares alone", () => {
      assert.deepEqual(
        backendsOf({ backends: [invalid, backendRef("a", 3)] }).map(({ target, weight }) => [
          target.kind,
          weight,
        ]),
        [
          ["fail", 1],
          ["backend", 3],
        ],
      );
    });
  });
});
