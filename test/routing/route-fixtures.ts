import type {
  BoundBackendRef,
  BoundFilter,
  BoundRoute,
  BoundRule,
  Frontend,
} from "../../src/binding/frontend.ts";
import type { HttpRouteMatch } from "../../src/resources/http-route.ts";
// Types only: loaded, so that coverage learns that there is nothing to cover.
import "../../src/routing/compiled-rule.ts";
import "../../src/routing/request-view.ts";
import type { RequestView } from "../../src/routing/request-view.ts";

/** A request from a method and a target, as a codec would show it. */
export function requestOf(
  target: string,
  options: { method?: string; host?: string; headers?: Readonly<Record<string, string>> } = {},
): RequestView {
  const mark = target.indexOf("?");
  const headers = new Map(
    Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return {
    method: options.method ?? "GET",
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? "" : target.slice(mark + 1),
    host: options.host ?? "echo",
    header: (name) => headers.get(name),
  };
}

function matchOf(match: Partial<HttpRouteMatch>): HttpRouteMatch {
  return { path: { kind: "PathPrefix", value: "/" }, headers: [], queryParams: [], ...match };
}

export function prefix(value: string): Pick<HttpRouteMatch, "path"> {
  return { path: { kind: "PathPrefix", value } };
}

export function exact(value: string): Pick<HttpRouteMatch, "path"> {
  return { path: { kind: "Exact", value } };
}

export function regex(value: string): Pick<HttpRouteMatch, "path"> {
  return { path: { kind: "RegularExpression", value } };
}

export function backendRef(name: string, weight = 1, filters: readonly BoundFilter[] = []): BoundBackendRef {
  return { target: { kind: "Backend", name }, weight, filters };
}

/** A rule with one match of every path and a backend of its own name, unless told otherwise. */
export function ruleOf(
  name: string,
  rule: Partial<Omit<BoundRule, "matches">> & { matches?: readonly Partial<HttpRouteMatch>[] } = {},
): BoundRule {
  return {
    index: 0,
    name,
    filters: [],
    backends: [backendRef(name)],
    timeouts: {},
    ...rule,
    matches: (rule.matches ?? [{}]).map(matchOf),
  };
}

export function routeOf(rules: readonly BoundRule[], name = "route"): BoundRoute {
  return { namespace: "ns", name, rules: rules.map((rule, index) => ({ ...rule, index })) };
}

export function frontendOf(routes: readonly BoundRoute[] | undefined): Frontend {
  return {
    name: "10.0.0.1:80",
    address: "10.0.0.1",
    port: 80,
    service: { namespace: "ns", name: "echo" },
    protocol: "http",
    backend: "ns/echo:80",
    ...(routes === undefined ? {} : { routes: { kind: "HTTPRoute", scope: { kind: "producer" }, routes } }),
  };
}
