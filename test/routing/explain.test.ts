import assert from "node:assert/strict";
import type { BoundBackendRef, BoundFilter, BoundRoute } from "../../src/binding/frontend.ts";
import type { Cors } from "../../src/resources/http-route.ts";
import { compileFrontend } from "../../src/routing/compile-frontend.ts";
import type { RequestExplanation } from "../../src/routing/explain.ts";
import { explainRequest } from "../../src/routing/explain.ts";
import type { RuleEffect } from "../../src/routing/explain-effect.ts";
import type { MatchExplanation } from "../../src/routing/explain-match.ts";
import type { RequestView } from "../../src/routing/request-view.ts";
import {
  backendRef,
  exact,
  frontendOf,
  prefix,
  regex,
  requestOf,
  routeOf,
  ruleOf,
} from "./route-fixtures.ts";

function explain(routes: readonly BoundRoute[] | undefined, request: RequestView): RequestExplanation {
  return explainRequest(compileFrontend(frontendOf(routes)), request);
}

/** What became of each match, by the name of its rule; of several matches of a rule the last one. */
function verdicts(
  routes: readonly BoundRoute[],
  request: RequestView,
): Record<string, MatchExplanation | undefined> {
  return Object.fromEntries(explain(routes, request).rules.map((rule) => [rule.rule, rule.matches.at(-1)]));
}

function effectOf(
  rule: Parameters<typeof ruleOf>[1],
  request: RequestView = requestOf("/p/x?q=1", { headers: { origin: "https://a.example" } }),
): RuleEffect {
  const { effect } = explain([routeOf([ruleOf("r", { matches: [prefix("/p")], ...rule })])], request);
  assert.ok(effect);
  return effect;
}

const header = (name: string, value: string) => ({ kind: "Exact", name, value }) as const;
const pattern = (name: string, value: string) => ({ kind: "RegularExpression", name, value }) as const;
const unsupported = { kind: "Unsupported", field: "path.type", value: "Glob" } as const;

describe("explainRequest", () => {
  it("tells that no route is bound, and where the request goes", () => {
    const explained = explain(undefined, requestOf("/"));
    assert.deepEqual([explained.outcome, explained.rules, explained.scope], ["no-route", [], undefined]);
    assert.equal(explained.effect?.backends[0]?.backend, "ns/echo:80");
    assert.equal(explained.effect?.backends[0]?.percent, 100);
  });

  it("tells that no rule matched", () => {
    const explained = explain([routeOf([ruleOf("a", { matches: [exact("/a")] })])], requestOf("/b"));
    assert.equal(explained.outcome, "no-match");
    assert.equal(explained.winner, undefined);
    assert.equal(explained.effect, undefined);
    assert.deepEqual(explained.rules, [
      {
        route: "ns/route",
        rule: "a",
        index: 0,
        isWinner: false,
        matches: [{ match: "Exact /a", verdict: "failed", reasons: ["path /b is not exactly /a"] }],
      },
    ]);
  });

  it("names the winner, and lists every rule in order", () => {
    const { name: _, ...unnamed } = ruleOf("", { matches: [prefix("/b"), prefix("/a")] });
    const routes = [routeOf([ruleOf("all"), unnamed], "first"), routeOf([ruleOf("all")], "second")];
    const explained = explain(routes, requestOf("/a"));
    assert.equal(explained.outcome, "matched");
    assert.deepEqual(explained.scope, { kind: "producer" });
    assert.deepEqual(explained.winner, { route: "ns/first", rule: "1" });
    assert.deepEqual(
      explained.rules.map(({ route, rule, isWinner, matches }) => [
        route,
        rule,
        isWinner,
        matches.map((m) => m.verdict),
      ]),
      [
        ["ns/first", "all", false, ["outranked"]],
        ["ns/first", "1", true, ["failed", "won"]],
        ["ns/second", "all", false, ["outranked"]],
      ],
    );
    assert.deepEqual(explained.rules[2]?.matches[0]?.reasons, [
      "matched, but rule 1 of ns/first has a longer prefix (/a)",
    ]);
  });

  it("is plain data", () => {
    const explained = explain([routeOf([ruleOf("a")])], requestOf("/"));
    assert.deepEqual(JSON.parse(JSON.stringify(explained)), explained);
  });

  describe("why a match failed", () => {
    const request = requestOf("/v2/a?color=red&shade=d%61rk", { headers: { version: "two" } });
    const cases: readonly {
      match: Parameters<typeof ruleOf>[1];
      words: string;
      reasons: readonly string[];
    }[] = [
      {
        match: { matches: [prefix("/v1")] },
        words: "PathPrefix /v1",
        reasons: ["path /v2/a does not match prefix /v1"],
      },
      {
        match: { matches: [regex("/v1/.*")] },
        words: "RegularExpression /v1/.*",
        reasons: ["path /v2/a does not match the expression /v1/.*"],
      },
      {
        match: { matches: [{ method: "POST" }] },
        words: "PathPrefix /, method POST",
        reasons: ["method GET is not POST"],
      },
      {
        match: {
          matches: [{ headers: [header("x", "1"), header("version", "one"), pattern("version", "o.*")] }],
        },
        words: "PathPrefix /, header x: 1, header version: one, header version matching o.*",
        reasons: [
          "header x is absent",
          'header version is "two", not "one"',
          'header version is "two", which does not match the expression o.*',
        ],
      },
      {
        match: {
          matches: [
            {
              queryParams: [
                header("size", "1"),
                header("color", "blue"),
                pattern("shade", "l.*"),
                header("shade", "dark"),
              ],
            },
          ],
        },
        words:
          "PathPrefix /, query parameter size: 1, query parameter color: blue, query parameter shade matching l.*, query parameter shade: dark",
        reasons: [
          "query parameter size is absent",
          'query parameter color is "red", not "blue"',
          'query parameter shade is "d%61rk", which does not match the expression l.*',
        ],
      },
      {
        match: { matches: [{ path: unsupported, headers: [{ ...unsupported, field: "headers[0].type" }] }] },
        words: "Unsupported Glob, header by Glob",
        reasons: ["path.type Glob is not supported", "headers[0].type Glob is not supported"],
      },
      {
        match: { matches: [{ ...exact("/a"), method: "PUT" }] },
        words: "Exact /a, method PUT",
        reasons: ["path /v2/a is not exactly /a", "method GET is not PUT"],
      },
    ];
    for (const c of cases) {
      it(c.words, () => {
        assert.deepEqual(verdicts([routeOf([ruleOf("r", c.match)])], request)["r"], {
          match: c.words,
          verdict: "failed",
          reasons: c.reasons,
        });
      });
    }
  });

  describe("what the winner has over a match that fits too", () => {
    const request = requestOf("/a/b?x=1&y=2", { headers: { x: "1", y: "2" } });
    const winner = (matches: Parameters<typeof ruleOf>[1]): BoundRoute =>
      routeOf([ruleOf("best", matches)], "w");
    const other = (matches: Parameters<typeof ruleOf>[1]): BoundRoute =>
      routeOf([ruleOf("other", matches)], "o");
    const cases: readonly { routes: readonly BoundRoute[]; reason: string }[] = [
      {
        routes: [other({}), winner({ matches: [exact("/a/b")] })],
        reason: "rule best of ns/w has an Exact path",
      },
      {
        routes: [other({}), winner({ matches: [regex("/.*")] })],
        reason: "rule best of ns/w has a regular expression, which goes before a prefix",
      },
      {
        routes: [other({ matches: [regex("/.*")] }), winner({ matches: [regex("/a.*")] })],
        reason: "rule best of ns/w has a longer expression (/a.*)",
      },
      {
        routes: [other({}), winner({ matches: [{ method: "GET" }] })],
        reason: "rule best of ns/w also matches the method (GET)",
      },
      {
        routes: [
          other({ matches: [{ headers: [header("x", "1")] }] }),
          winner({ matches: [{ headers: [header("x", "1"), header("y", "2")] }] }),
        ],
        reason: "rule best of ns/w matches more headers (2 over 1)",
      },
      {
        routes: [other({}), winner({ matches: [{ queryParams: [header("x", "1")] }] })],
        reason: "rule best of ns/w matches more query parameters (1 over 0)",
      },
      {
        routes: [winner({}), other({})],
        reason:
          "rule best of ns/w has an equal match and is of the older route (of the first by namespace/name, if equally old)",
      },
      {
        routes: [routeOf([ruleOf("best"), ruleOf("other")], "w")],
        reason: "rule best of ns/w has an equal match and stands first in the route",
      },
      {
        routes: [routeOf([ruleOf("other", { matches: [{}, {}] })], "w")],
        reason: "rule other of ns/w has an equal match that stands before this one",
      },
    ];
    for (const c of cases) {
      it(c.reason, () => {
        const other = verdicts(c.routes, request)["other"];
        assert.deepEqual([other?.verdict, other?.reasons], ["outranked", [`matched, but ${c.reason}`]]);
      });
    }
  });

  describe("the effect", () => {
    const modifier: BoundFilter = {
      kind: "RequestHeaderModifier",
      headers: {
        set: [{ name: "X-Set", value: "1" }],
        add: [{ name: "Connection", value: "close" }],
        remove: ["X-Gone"],
      },
    };
    const response: BoundFilter = {
      kind: "ResponseHeaderModifier",
      headers: { set: [], add: [{ name: "X-Add", value: "2" }], remove: [] },
    };
    const redirect: BoundFilter = {
      kind: "RequestRedirect",
      redirect: { statusCode: 301, scheme: "https", path: { kind: "ReplacePrefixMatch", value: "/new" } },
    };
    const anyOrigin: Cors = {
      allowOrigins: ["*"],
      allowMethods: ["PUT"],
      allowHeaders: [],
      exposeHeaders: [],
      allowCredentials: false,
      maxAgeSeconds: 5,
    };
    const invalid: BoundBackendRef = {
      target: { kind: "Invalid", reason: "BackendNotFound", message: "no Service ns/gone" },
      weight: 1,
      filters: [],
    };

    it("of forwarding: target, headers, mirrors, timeouts", () => {
      const effect = effectOf({
        filters: [
          modifier,
          response,
          {
            kind: "URLRewrite",
            rewrite: { hostname: "h", path: { kind: "ReplacePrefixMatch", value: "/new" } },
          },
          {
            kind: "RequestMirror",
            target: { kind: "Backend", name: "ns/m:80" },
            fraction: { numerator: 1, denominator: 4 },
          },
        ],
        timeouts: { requestMs: 500, backendRequestMs: 100 },
        retry: { codes: [503], attempts: 1 },
      });
      assert.deepEqual(effect, {
        action: "forward",
        responseHeaders: [],
        requestTimeoutMs: 500,
        backendRequestTimeoutMs: 100,
        retry: { codes: [503], attempts: 1 },
        ignoredHeaders: ["Connection"],
        backends: [
          {
            backend: "r",
            weight: 1,
            percent: 100,
            host: "h",
            path: "/new/x",
            query: "q=1",
            requestHeaders: [
              { action: "set", name: "X-Set", value: "1" },
              { action: "remove", name: "X-Gone" },
            ],
            responseHeaders: [{ action: "add", name: "X-Add", value: "2" }],
            mirrors: [{ backend: "ns/m:80", percent: 25 }],
            ignoredHeaders: [],
          },
        ],
      });
    });

    it("of a split: invalid shares and zero weights too, each with its filters", () => {
      const { backends } = effectOf({
        backends: [
          backendRef("none", 0),
          backendRef("a", 2, [modifier]),
          { ...invalid, weight: 0 },
          invalid,
          backendRef("b", 1, [redirect]),
        ],
      });
      assert.deepEqual(
        backends.map(({ backend, failure, weight, percent }) => [backend ?? failure, weight, percent]),
        [
          ["none", 0, 0],
          ["a", 2, 50],
          ["no Service ns/gone", 0, 0],
          ["no Service ns/gone", 1, 25],
          ["b", 1, 25],
        ],
      );
      assert.deepEqual(backends[1]?.requestHeaders[0], { action: "set", name: "X-Set", value: "1" });
      assert.deepEqual(backends[1]?.ignoredHeaders, ["Connection"]);
      assert.deepEqual(backends[4]?.redirect, { status: 301, location: "https://echo/new/x?q=1" });
    });

    it("of weights that are all zero: everything fails", () => {
      const { backends } = effectOf({ backends: [backendRef("a", 0), backendRef("b", 0)] });
      assert.deepEqual(
        backends.map(({ failure, percent }) => [failure, percent]),
        [["the weights of all backendRefs are zero", 100]],
      );
    });

    it("of a redirect", () => {
      const effect = effectOf({ filters: [redirect, response], backends: [] });
      assert.equal(effect.action, "redirect");
      assert.deepEqual(effect.redirect, { status: 301, location: "https://echo/new/x?q=1" });
      assert.deepEqual(effect.responseHeaders, [{ action: "add", name: "X-Add", value: "2" }]);
      assert.deepEqual(effect.backends, []);
    });

    it("of a failure, which answers a preflight too", () => {
      const filters: readonly BoundFilter[] = [
        { kind: "CORS", cors: anyOrigin },
        { kind: "Unresolved", message: "no such filter" },
      ];
      const preflight = requestOf("/p", {
        method: "OPTIONS",
        headers: { origin: "https://a.example", "access-control-request-method": "PUT" },
      });
      const effect = effectOf({ filters }, preflight);
      assert.deepEqual([effect.action, effect.failure, effect.backends], ["fail", "no such filter", []]);
    });

    it("of CORS on a response", () => {
      const effect = effectOf({ filters: [{ kind: "CORS", cors: anyOrigin }] });
      const expected = {
        isPreflight: false,
        isOriginAllowed: true,
        responseHeaders: [
          { action: "set", name: "Access-Control-Allow-Origin", value: "*" },
          { action: "remove", name: "Access-Control-Allow-Credentials" },
          { action: "remove", name: "Access-Control-Expose-Headers" },
        ],
      };
      assert.equal(effect.action, "forward");
      assert.deepEqual(effect.cors, expected);
      assert.deepEqual(effect.backends[0]?.cors, expected);
    });

    it("of CORS on a preflight", () => {
      const preflight = requestOf("/p", {
        method: "OPTIONS",
        headers: { origin: "https://a.example", "access-control-request-method": "PUT" },
      });
      const effect = effectOf({ filters: [{ kind: "CORS", cors: anyOrigin }] }, preflight);
      assert.equal(effect.action, "preflight");
      assert.deepEqual(effect.cors, {
        isPreflight: true,
        isOriginAllowed: true,
        responseHeaders: [
          { action: "set", name: "Access-Control-Allow-Origin", value: "*" },
          { action: "set", name: "Access-Control-Allow-Methods", value: "PUT" },
          { action: "set", name: "Access-Control-Max-Age", value: "5" },
        ],
      });
    });
  });
});
