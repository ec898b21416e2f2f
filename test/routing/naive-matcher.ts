import type { BoundRoute } from "../../src/binding/frontend.ts";
import type { HttpRouteMatch, PathMatch, ValueMatch } from "../../src/resources/http-route.ts";
import type { RequestView } from "../../src/routing/request-view.ts";

/** A match that a request fulfils, with what the specification ranks it by. */
export interface NaiveCandidate {
  readonly route: number;
  readonly rule: number;
  readonly match: number;
  readonly source: HttpRouteMatch;
}

/**
 * The oracle: tries every match of every rule of every route, and takes the best by the words of the Gateway API
 * (HTTPRouteMatch and HTTPRouteRule.Matches). Shares no code with the matcher.
 */
export function naiveMatch(routes: readonly BoundRoute[], request: RequestView): NaiveCandidate | undefined {
  let best: NaiveCandidate | undefined;
  for (const candidate of naiveCandidates(routes, request)) {
    // The list is in the order that decides ties, so that only a strictly better one replaces the best.
    if (best === undefined || isBetter(candidate.source, best.source)) best = candidate;
  }
  return best;
}

export function naiveCandidates(
  routes: readonly BoundRoute[],
  request: RequestView,
): readonly NaiveCandidate[] {
  return routes.flatMap((route, routeIndex) =>
    route.rules.flatMap((rule, ruleIndex) =>
      rule.matches.flatMap((source, matchIndex) =>
        isFulfilled(source, request)
          ? [{ route: routeIndex, rule: ruleIndex, match: matchIndex, source }]
          : [],
      ),
    ),
  );
}

/** Whether two matches are equal in everything but their place. */
export function isTie(first: HttpRouteMatch, second: HttpRouteMatch): boolean {
  return !isBetter(first, second) && !isBetter(second, first);
}

function isBetter(first: HttpRouteMatch, second: HttpRouteMatch): boolean {
  const kinds = ["Exact", "RegularExpression", "PathPrefix"];
  const [kind, otherKind] = [kinds.indexOf(first.path.kind), kinds.indexOf(second.path.kind)];
  if (kind !== otherKind) return kind < otherKind;
  const [length, otherLength] = [characters(first.path), characters(second.path)];
  if (length !== otherLength) return length > otherLength;
  const [method, otherMethod] = [first.method !== undefined, second.method !== undefined];
  if (method !== otherMethod) return method;
  if (first.headers.length !== second.headers.length) return first.headers.length > second.headers.length;
  return first.queryParams.length > second.queryParams.length;
}

function characters(path: PathMatch): number {
  return path.kind === "PathPrefix" ? path.value.replace(/\/$/, "").length : path.value.length;
}

function isFulfilled(match: HttpRouteMatch, request: RequestView): boolean {
  return (
    isPathFulfilled(match.path, request.path) &&
    (match.method === undefined || match.method === request.method) &&
    match.headers.every((header) => isHeaderFulfilled(header, request)) &&
    match.queryParams.every((param) => isParameterFulfilled(param, request.query))
  );
}

function isPathFulfilled(path: PathMatch, sent: string): boolean {
  switch (path.kind) {
    case "Exact":
      return sent === path.value;
    case "PathPrefix":
      return isElementPrefix(path.value, sent);
    case "RegularExpression":
      return isExpressionFulfilled(path.value, sent);
    case "Unsupported":
      return false;
  }
}

/** By path elements, as the API words it: `/` alone fits everything. */
function isElementPrefix(prefix: string, sent: string): boolean {
  if (prefix === "/" || prefix === "") return true;
  const elements = prefix.replace(/\/$/, "").split("/");
  const sentElements = sent.split("/");
  return elements.every((element, index) => sentElements[index] === element);
}

/** Expressions of the fuzzer mean the same to RE2 and here. One that is malformed fits nothing. */
function isExpressionFulfilled(expression: string, text: string): boolean {
  try {
    return new RegExp(`^(?:${expression})$`, "s").test(text);
  } catch {
    return false;
  }
}

function isHeaderFulfilled(match: ValueMatch, request: RequestView): boolean {
  if (match.kind === "Unsupported") return false;
  const value = request.header(match.name);
  return value !== undefined && isValueFulfilled(match, [value]);
}

/** A name and a value count as sent and as decoded. */
function isParameterFulfilled(match: ValueMatch, query: string): boolean {
  if (match.kind === "Unsupported") return false;
  for (const pair of query.split("&")) {
    const [name = "", ...rest] = pair.split("=");
    const value = rest.join("=");
    if ([name, decode(name)].includes(match.name)) return isValueFulfilled(match, [value, decode(value)]);
  }
  return false;
}

function isValueFulfilled(match: ValueMatch, forms: readonly string[]): boolean {
  if (match.kind === "Exact") return forms.includes(match.value);
  return match.kind === "RegularExpression" && forms.some((form) => isExpressionFulfilled(match.value, form));
}

function decode(text: string): string {
  return new URLSearchParams(`x=${text}`).get("x") ?? "";
}
