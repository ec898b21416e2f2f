import assert from "node:assert/strict";
import type { BoundRoute, BoundRule } from "../../src/binding/frontend.ts";
import type { HttpRouteMatch, PathMatch, ValueMatch } from "../../src/resources/http-route.ts";
import { compileFrontend } from "../../src/routing/compile-frontend.ts";
import type { CompiledRule } from "../../src/routing/compiled-rule.ts";
import { explainRequest } from "../../src/routing/explain.ts";
import { matchRequest } from "../../src/routing/match-request.ts";
import type { RequestView } from "../../src/routing/request-view.ts";
import type { Dice } from "../support/dice.ts";
import { isTie, naiveCandidates, naiveMatch } from "./naive-matcher.ts";
import { backendRef, frontendOf, requestOf } from "./route-fixtures.ts";

/** What `fuzzOnce` did. */
export interface FuzzCounts {
  matches: number;
  requests: number;
  matched: number;
  permuted: number;
}

export function noCounts(): FuzzCounts {
  return { matches: 0, requests: 0, matched: 0, permuted: 0 };
}

const SEGMENTS = ["a", "b", "ab", "A", "-", "a%2Fb", "", ".", "..", "é", "a.b", "x"] as const;
const EXPRESSIONS = [
  "/a.*",
  "/a/[ab]+",
  "/(a|b)/.*",
  "/a|/b",
  "/a\\.b",
  "/ab?",
  "/a+b",
  "/[^/]+/b",
  "/.*",
  ".*b",
  "/a/b",
  "/a/b/?",
  "/a{1,2}.*",
  "^/a$",
  "(",
  "/A?.*",
  "/x(/.*)?",
] as const;
const PATH_KINDS = ["Exact", "PathPrefix", "PathPrefix", "PathPrefix", "RegularExpression"] as const;
const METHODS = ["GET", "POST", "OPTIONS"] as const;
const NAMES = ["x", "y", "z"] as const;
const PARAMETERS = ["x", "y", "x y", "%78"] as const;
const VALUES = ["1", "2", "a b", "a+b", "a%20b", "1%", "12"] as const;
const VALUE_EXPRESSIONS = ["1.*", "[12]", "a b", "a.b", "1|2", "(", ".*", ""] as const;
const SENT_PARAMETERS = ["x", "y", "%78", "x+y", "x%20y", "X", "", "%2578", "z"] as const;
const SENT_VALUES = [...VALUES, "%31", "a%2520b", "", "%"] as const;

/**
 * One round: a random route set, and requests to it. The matcher must agree with the oracle, `explain` with the
 * matcher, and the order of what is not tied must not matter. Throws an AssertionError that shows the case.
 */
export function fuzzOnce(dice: Dice, counts: FuzzCounts): void {
  const routes = randomRoutes(dice);
  const compiled = compileFrontend(frontendOf(routes));
  const permuted = permute(dice, routes);
  const compiledPermuted = compileFrontend(frontendOf(permuted));
  counts.matches += routes.flatMap((route) => route.rules.flatMap((rule) => rule.matches)).length;
  for (let index = 0; index < 12; index += 1) {
    const request = randomRequest(dice, routes);
    const describe = (): string => JSON.stringify({ request, routes: routes.map((route) => route.rules) });
    const winner = naiveMatch(routes, request);
    const expected = winner === undefined ? undefined : routes[winner.route]?.rules[winner.rule]?.name;
    const actual = nameOf(matchRequest(compiled, request));
    assert.equal(actual, expected, `matcher and oracle disagree: ${describe()}`);
    counts.requests += 1;
    if (expected !== undefined) counts.matched += 1;
    if (index === 0)
      checkExplanation(compiled, request, { expected, candidates: naiveCandidates(routes, request).length });
    const ties = naiveCandidates(routes, request).filter(
      (candidate) => winner !== undefined && isTie(candidate.source, winner.source),
    );
    if (ties.length <= 1) {
      counts.permuted += 1;
      assert.equal(nameOf(matchRequest(compiledPermuted, request)), expected, `order matters: ${describe()}`);
    }
  }
}

function checkExplanation(
  compiled: ReturnType<typeof compileFrontend>,
  request: RequestView,
  { expected, candidates }: { readonly expected: string | undefined; readonly candidates: number },
): void {
  const explained = explainRequest(compiled, request);
  const matches = explained.rules.flatMap((rule) => rule.matches);
  assert.equal(explained.winner?.rule, expected);
  assert.equal(matches.filter(({ verdict }) => verdict === "won").length, expected === undefined ? 0 : 1);
  assert.equal(matches.filter(({ verdict }) => verdict !== "failed").length, candidates);
  assert.ok(matches.every(({ verdict, reasons }) => reasons.length > 0 === (verdict !== "won")));
}

function nameOf(rule: CompiledRule | undefined): string | undefined {
  return rule?.labels.rule;
}

function permute(dice: Dice, routes: readonly BoundRoute[]): readonly BoundRoute[] {
  return dice.shuffled(routes).map((route) => ({ ...route, rules: dice.shuffled(route.rules) }));
}

function randomRoutes(dice: Dice): readonly BoundRoute[] {
  // Mostly few rules; sometimes so many that prefixes are hashed.
  const maxRules = dice.of([1, 3, 6, 6, 40]);
  return Array.from({ length: 1 + dice.below(3) }, (_, route) => ({
    namespace: "ns",
    name: `route${route}`,
    rules: Array.from({ length: 1 + dice.below(maxRules) }, (_, rule) =>
      randomRule(dice, `${route}.${rule}`, rule),
    ),
  }));
}

function randomRule(dice: Dice, name: string, index: number): BoundRule {
  const matches = Array.from({ length: dice.isOneIn(3) ? 1 + dice.below(4) : 1 }, () => randomMatch(dice));
  return { index, name, matches, filters: [], backends: [backendRef(name)], timeouts: {} };
}

function randomMatch(dice: Dice): HttpRouteMatch {
  return {
    path: randomPathMatch(dice),
    headers: dice.isOneIn(3) ? distinctNames(dice.list(2, () => randomValueMatch(dice, NAMES))) : [],
    queryParams: dice.isOneIn(3) ? distinctNames(dice.list(2, () => randomValueMatch(dice, PARAMETERS))) : [],
    ...(dice.isOneIn(4) ? { method: dice.of(METHODS) } : {}),
  };
}

function randomPathMatch(dice: Dice): PathMatch {
  if (dice.isOneIn(40)) return { kind: "Unsupported", field: "path.type", value: "Glob" };
  const kind = dice.of(PATH_KINDS);
  if (kind === "RegularExpression") return { kind, value: dice.of(EXPRESSIONS) };
  return { kind, value: dice.isOneIn(6) ? "/" : randomPath(dice) };
}

function randomPath(dice: Dice): string {
  return `/${Array.from({ length: 1 + dice.below(4) }, () => dice.of(SEGMENTS)).join("/")}`;
}

function randomValueMatch(dice: Dice, names: readonly [string, ...string[]]): ValueMatch {
  if (dice.isOneIn(60)) return { kind: "Unsupported", field: "headers[0].type", value: "Glob" };
  const name = dice.of(names);
  return dice.isOneIn(3)
    ? { kind: "RegularExpression", name, value: dice.of(VALUE_EXPRESSIONS) }
    : { kind: "Exact", name, value: dice.of(VALUES) };
}

/** As the parser does: the first of each name counts. */
function distinctNames(matches: readonly ValueMatch[]): readonly ValueMatch[] {
  const seen = new Set<string>();
  return matches.filter((match) => {
    const name = match.kind === "Unsupported" ? match.field : match.name;
    const isNew = !seen.has(name);
    seen.add(name);
    return isNew;
  });
}

function randomRequest(dice: Dice, routes: readonly BoundRoute[]): RequestView {
  const query = dice
    .list(3, () =>
      dice.isOneIn(5) ? dice.of(SENT_PARAMETERS) : `${dice.of(SENT_PARAMETERS)}=${dice.of(SENT_VALUES)}`,
    )
    .join("&");
  const headers = Object.fromEntries(dice.list(3, () => [dice.of(NAMES), dice.of(VALUES)]));
  const path = dice.isOneIn(2) ? relatedPath(dice, routes) : dice.isOneIn(30) ? "*" : randomPath(dice);
  return requestOf(query === "" ? path : `${path}?${query}`, { method: dice.of(METHODS), headers });
}

/** A path of the routes, or one near it. */
function relatedPath(dice: Dice, routes: readonly BoundRoute[]): string {
  const paths = routes.flatMap((route) =>
    route.rules.flatMap((rule) => rule.matches.map((match) => match.path)),
  );
  const path = paths[dice.below(paths.length)];
  const value = path === undefined || path.kind === "RegularExpression" ? randomPath(dice) : path.value;
  return dice.of([
    value,
    value,
    `${value}/`,
    `${value}/${dice.of(SEGMENTS)}`,
    `${value}${dice.of(SEGMENTS)}`,
    value.slice(0, -1),
  ]);
}
