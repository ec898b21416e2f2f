import assert from "node:assert/strict";
import type { BoundRoute } from "../../src/binding/frontend.ts";
import type { HttpRouteMatch } from "../../src/resources/http-route.ts";
import { compileFrontend } from "../../src/routing/compile-frontend.ts";
import { matchRequest } from "../../src/routing/match-request.ts";
import { exact, frontendOf, prefix, regex, requestOf, routeOf, ruleOf } from "./route-fixtures.ts";

interface Case {
  readonly target: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The name of the rule that wins; undefined: 404. */
  readonly rule: string | undefined;
}

type Match = Partial<HttpRouteMatch>;

function header(name: string, value: string): HttpRouteMatch["headers"][number] {
  return { kind: "Exact", name, value };
}

/** Names exactly as in the API, where they are compared with their case. */
const query = header;

function oneRoute(rules: Readonly<Record<string, readonly Match[]>>): readonly BoundRoute[] {
  return [routeOf(Object.entries(rules).map(([name, matches]) => ruleOf(name, { matches })))];
}

function itRoutes(routes: readonly BoundRoute[], cases: readonly Case[]): void {
  const compiled = compileFrontend(frontendOf(routes));
  for (const c of cases) {
    const headers = Object.entries(c.headers ?? {}).map((entry) => entry.join(": "));
    const request = [c.method ?? "GET", c.target, ...headers].join(" ");
    it(`${request} → ${c.rule ?? "404"}`, () => {
      const rule = matchRequest(compiled, requestOf(c.target, c));
      assert.equal(rule?.labels.rule, c.rule);
    });
  }
}

describe("matchRequest", () => {
  describe("without a route", () => {
    const compiled = compileFrontend(frontendOf(undefined));

    it("forwards everything to the Service's own backend, with empty labels", () => {
      const rule = matchRequest(compiled, requestOf("/any"));
      assert.deepEqual(rule?.labels, { routeKind: "", routeNamespace: "", route: "", rule: "" });
      assert.deepEqual(
        rule?.action.kind === "forward" && rule.action.backends.map((backend) => backend.target),
        [{ kind: "backend", name: "ns/echo:80" }],
      );
    });
  });

  describe("with a route that has no rule left", () => {
    itRoutes([routeOf([])], [{ target: "/", rule: undefined }]);
  });

  // MeshHTTPRouteMatching, HTTPRouteMatching
  describe("prefixes and headers, any of several matches", () => {
    const routes = oneRoute({
      one: [{}, { headers: [header("version", "one")] }],
      two: [prefix("/v2"), { headers: [header("version", "two")] }],
    });
    itRoutes(routes, [
      { target: "/", rule: "one" },
      { target: "/some", rule: "one" },
      { target: "/", headers: { Version: "one" }, rule: "one" },
      { target: "/v2", rule: "two" },
      { target: "/v2/", rule: "two" },
      { target: "/v2/some", rule: "two" },
      { target: "/v2?x=1", rule: "two" },
      { target: "/", headers: { VERSION: "two" }, rule: "two" },
      { target: "/v2some", rule: "one" },
      { target: "/some/v2", rule: "one" },
      { target: "/V2", rule: "one" },
      { target: "*", method: "OPTIONS", rule: "one" },
    ]);
  });

  // MeshTrafficSplit, HTTPRouteExactPathMatching
  describe("Exact is literal", () => {
    itRoutes(oneRoute({ one: [exact("/one")], two: [exact("/two")] }), [
      { target: "/one", rule: "one" },
      { target: "/two", rule: "two" },
      { target: "/one?two", rule: "one" },
      { target: "/", rule: undefined },
      { target: "/one/more", rule: undefined },
      { target: "/two/", rule: undefined },
      { target: "/Two", rule: undefined },
      { target: "/tw%6F", rule: undefined },
      { target: "//two", rule: undefined },
    ]);
  });

  // HTTPRoutePathMatchOrder
  describe("Exact before prefix, longer before shorter", () => {
    const routes = oneRoute({
      short: [prefix("/p/")],
      exact: [exact("/p")],
      exactLong: [exact("/p/a/b")],
      middle: [prefix("/p/a/")],
      long: [prefix("/p/a/b")],
    });
    itRoutes(routes, [
      { target: "/p", rule: "exact" },
      { target: "/p/", rule: "short" },
      { target: "/p/x", rule: "short" },
      { target: "/p/a", rule: "middle" },
      { target: "/p/a/", rule: "middle" },
      { target: "/p/a/x", rule: "middle" },
      { target: "/p/a/b", rule: "exactLong" },
      { target: "/p/a/b/", rule: "long" },
      { target: "/p/a/bc", rule: "middle" },
      { target: "/q", rule: undefined },
    ]);
  });

  describe("a trailing slash of a prefix is ignored", () => {
    itRoutes(oneRoute({ slash: [prefix("/abc/")] }), [
      { target: "/abc", rule: "slash" },
      { target: "/abc/", rule: "slash" },
      { target: "/abc/def", rule: "slash" },
      { target: "/abcd", rule: undefined },
      { target: "/ABC", rule: undefined },
    ]);
    itRoutes(oneRoute({ first: [prefix("/abc")], second: [prefix("/abc/")] }), [
      { target: "/abc/def", rule: "first" },
    ]);
  });

  // HTTPRouteHeaderMatching
  describe("headers: all of a match, the most of several", () => {
    const routes = oneRoute({
      one: [{ headers: [header("version", "one")] }],
      two: [{ headers: [header("version", "two")] }],
      twoGreen: [{ headers: [header("version", "two"), header("color", "green")] }],
      cold: [{ headers: [header("color", "blue")] }, { headers: [header("color", "cyan")] }],
    });
    itRoutes(routes, [
      { target: "/", headers: { version: "one" }, rule: "one" },
      { target: "/", headers: { version: "two" }, rule: "two" },
      { target: "/", headers: { version: "two", color: "green" }, rule: "twoGreen" },
      { target: "/", headers: { version: "two", color: "blue" }, rule: "two" },
      { target: "/", headers: { color: "cyan" }, rule: "cold" },
      { target: "/", headers: { color: "green" }, rule: undefined },
      { target: "/", headers: { color: "BLUE" }, rule: undefined },
      { target: "/", headers: { color: "blue,cyan" }, rule: undefined },
      { target: "/", headers: { other: "one" }, rule: undefined },
      { target: "/", rule: undefined },
    ]);
  });

  // HTTPRouteMethodMatching
  describe("methods", () => {
    const routes = oneRoute({
      post: [{ method: "POST" }],
      get: [{ method: "GET" }],
      getPath: [{ ...prefix("/1"), method: "GET" }],
      putHeader: [{ method: "PUT", headers: [header("version", "one")] }],
      either: [
        { ...prefix("/3"), method: "PATCH" },
        { ...prefix("/4"), method: "DELETE", headers: [header("version", "three")] },
      ],
      path: [prefix("/5")],
      patch: [{ method: "PATCH" }],
      header: [{ headers: [header("version", "four")] }],
    });
    itRoutes(routes, [
      { target: "/", method: "POST", rule: "post" },
      { target: "/", rule: "get" },
      { target: "/", method: "HEAD", rule: undefined },
      { target: "/", method: "get", rule: undefined },
      { target: "/1", rule: "getPath" },
      { target: "/", method: "PUT", headers: { version: "one" }, rule: "putHeader" },
      { target: "/", method: "PUT", rule: undefined },
      { target: "/3/x", method: "PATCH", rule: "either" },
      { target: "/4", method: "DELETE", headers: { version: "three" }, rule: "either" },
      { target: "/4", method: "DELETE", rule: undefined },
      { target: "/5", method: "PATCH", rule: "path" },
      { target: "/", method: "PATCH", headers: { version: "four" }, rule: "patch" },
    ]);
  });

  // HTTPRouteQueryParamMatching, MeshHTTPRouteQueryParamMatching
  describe("query parameters", () => {
    const routes = oneRoute({
      whale: [{ queryParams: [query("animal", "whale")] }],
      dolphin: [{ queryParams: [query("animal", "dolphin")] }],
      blue: [
        { queryParams: [query("animal", "dolphin"), query("color", "blue")] },
        { queryParams: [query("ANIMAL", "Whale")] },
      ],
      header: [{ headers: [header("version", "one")], queryParams: [query("animal", "whale")] }],
      deep: [
        { ...prefix("/2"), headers: [header("version", "two")], queryParams: [query("animal", "whale")] },
      ],
      path: [prefix("/5")],
      hydra: [{ queryParams: [query("animal", "hydra")] }],
      onlyHeader: [{ headers: [header("version", "four")] }],
    });
    itRoutes(routes, [
      { target: "/?animal=whale", rule: "whale" },
      { target: "/?x=1&animal=whale&y", rule: "whale" },
      { target: "/?animal=dolphin", rule: "dolphin" },
      { target: "/?color=blue&animal=dolphin", rule: "blue" },
      { target: "/?animal=dolphin&color=red", rule: "dolphin" },
      { target: "/?ANIMAL=Whale", rule: "blue" },
      { target: "/?animal=Whale", rule: undefined },
      { target: "/?color=blue", rule: undefined },
      { target: "/?animal=dog", rule: undefined },
      { target: "/?animal=whaledolphin", rule: undefined },
      { target: "/?xanimal=whale", rule: undefined },
      { target: "/?animal", rule: undefined },
      { target: "/", rule: undefined },
      { target: "/?animal=dog&animal=whale", rule: undefined },
      { target: "/?animal=whale&animal=dog", rule: "whale" },
      { target: "/?animal=whale", headers: { version: "one" }, rule: "header" },
      { target: "/2?animal=whale", headers: { version: "two" }, rule: "deep" },
      { target: "/5?animal=hydra", rule: "path" },
      { target: "/?animal=hydra", headers: { version: "four" }, rule: "onlyHeader" },
      { target: "/?%61nimal=wh%61le", rule: "whale" },
    ]);
  });

  describe("regular expressions", () => {
    const routes = oneRoute({
      all: [{}],
      prefix: [prefix("/api/v1/users")],
      exact: [exact("/api/v1/users/7")],
      short: [regex("/api/v[0-9]+/.*")],
      long: [regex("/api/v[0-9]+/users/[0-9]+")],
      either: [regex("/left|/right")],
      header: [
        { headers: [{ kind: "RegularExpression", name: "version", value: "v[12]" }] },
        { queryParams: [{ kind: "RegularExpression", name: "v", value: "a b|c" }] },
      ],
    });
    itRoutes(routes, [
      { target: "/api/v1/users/7", rule: "exact" },
      { target: "/api/v1/users/8", rule: "long" },
      { target: "/api/v1/users", rule: "short" },
      { target: "/api/v1", rule: "all" },
      { target: "/left", rule: "either" },
      { target: "/right", rule: "either" },
      { target: "/lefty", rule: "all" },
      { target: "/x/left", rule: "all" },
      { target: "/", headers: { version: "v2" }, rule: "header" },
      { target: "/", headers: { version: "v23" }, rule: "all" },
      { target: "/?v=a+b", rule: "header" },
      { target: "/?v=c", rule: "header" },
      { target: "/?v=cc", rule: "all" },
      { target: "/?v=%63c", rule: "all" },
    ]);
  });

  describe("of regular expressions the best of all that fit wins, wherever it is filed", () => {
    const routes = oneRoute({
      anything: [{ ...regex("/.*[a-z0-9/]{0,20}"), headers: [header("x", "1")] }],
      literal: [regex("/api/.*")],
      other: [regex("/web/.*")],
    });
    itRoutes(routes, [
      { target: "/api/1", rule: "literal" },
      { target: "/api/1", headers: { x: "1" }, rule: "anything" },
      { target: "/web/1", headers: { x: "2" }, rule: "other" },
    ]);
  });

  describe("what can't be applied matches nothing", () => {
    const unsupported = { kind: "Unsupported", field: "path.type", value: "Glob" } as const;
    const routes = oneRoute({
      path: [{ path: unsupported }],
      header: [{ headers: [unsupported] }],
      query: [{ queryParams: [unsupported] }],
      pathExpression: [regex("(")],
      headerExpression: [{ headers: [{ kind: "RegularExpression", name: "a", value: "(" }] }],
    });
    itRoutes(routes, [{ target: "/?a=(", headers: { a: "(" }, rule: undefined }]);
  });

  describe("across routes", () => {
    const routes = [
      routeOf([ruleOf("a0", { matches: [prefix("/x")] }), ruleOf("a1")], "a"),
      routeOf([ruleOf("b0"), ruleOf("b1", { matches: [prefix("/x/y")] })], "b"),
    ];
    itRoutes(routes, [
      { target: "/", rule: "a1" },
      { target: "/x", rule: "a0" },
      { target: "/x/y", rule: "b1" },
    ]);
  });

  // HTTPRouteRuleOrder
  describe("equal matches: the first rule, even if it fails", () => {
    const both = { ...exact("/same"), headers: [header("a", "1"), header("b", "2")] };
    const swapped = { ...exact("/same"), headers: [header("b", "2"), header("a", "1")] };
    itRoutes(oneRoute({ first: [both], second: [swapped] }), [
      { target: "/same", headers: { a: "1", b: "2" }, rule: "first" },
    ]);
    itRoutes(
      [routeOf([ruleOf("broken", { backends: [] }), ruleOf("sound")])],
      [{ target: "/", rule: "broken" }],
    );
  });

  it("names a rule by its index where it has no name", () => {
    const { name: _, ...unnamed } = ruleOf("x");
    const compiled = compileFrontend(
      frontendOf([routeOf([ruleOf("other", { matches: [exact("/o")] }), unnamed])]),
    );
    const rule = matchRequest(compiled, requestOf("/"));
    assert.deepEqual(rule?.labels, {
      routeKind: "HTTPRoute",
      routeNamespace: "ns",
      route: "route",
      rule: "1",
    });
  });
});
