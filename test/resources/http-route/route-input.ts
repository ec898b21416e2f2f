import { parseHttpRoute } from "../../../src/resources/http-route/parse-http-route.ts";
import type { HttpRouteFilter, HttpRouteMatch, HttpRouteRule } from "../../../src/resources/http-route.ts";
import { problemsOf, valueOf } from "../parsing.ts";

/** A route with that spec, on nothing in particular. */
export function routeInput(spec: unknown): unknown {
  return { metadata: { name: "route", namespace: "store" }, spec };
}

/** The only rule of a route that has this one. */
export function ruleOf(rule: unknown): HttpRouteRule {
  const [parsed] = valueOf(parseHttpRoute(routeInput({ rules: [rule] }))).rules;
  if (parsed === undefined) throw new Error("the route has no rule");
  return parsed;
}

/** What is wrong with a rule, its place in the route left out. */
export function ruleProblems(rule: unknown): readonly string[] {
  return problemsOf(parseHttpRoute(routeInput({ rules: [rule] }))).map((line) =>
    line.replace("spec.rules[0].", ""),
  );
}

export function matchOf(match: unknown): HttpRouteMatch {
  const [parsed] = ruleOf({ matches: [match] }).matches;
  if (parsed === undefined) throw new Error("the rule has no match");
  return parsed;
}

export function matchProblems(match: unknown): readonly string[] {
  return ruleProblems({ matches: [match] }).map((line) => line.replace("matches[0].", ""));
}

export function filterOf(filter: unknown): HttpRouteFilter {
  const [parsed] = ruleOf({ filters: [filter] }).filters;
  if (parsed === undefined) throw new Error("the rule has no filter");
  return parsed;
}

export function filterProblems(filter: unknown): readonly string[] {
  return ruleProblems({ filters: [filter] }).map((line) => line.replace("filters[0].", ""));
}
