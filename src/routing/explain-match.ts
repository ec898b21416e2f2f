import type { HttpRouteMatch, ValueMatch } from "../resources/http-route.ts";
import type { MatchEntry, ValueCondition } from "./matching/match-entry.ts";
import { matchesHeader, matchesPath, matchesQuery } from "./matching/match-entry.ts";
import { decidingCriterion } from "./matching/precedence.ts";
import { findParameter, parameterValue } from "./matching/query-parameter.ts";
import type { RequestView } from "./request-view.ts";

/** What became of one match of a rule. */
export interface MatchExplanation {
  /** In words: `PathPrefix /v2, method GET, header x-version: two`. */
  readonly match: string;
  /** `outranked`: the request fulfils it, and another match wins. */
  readonly verdict: "won" | "outranked" | "failed";
  /** Empty for the winner; for a failed one every condition that the request does not fulfil. */
  readonly reasons: readonly string[];
}

/** A compiled match, and how a reader calls its rule. */
export interface NamedMatch {
  readonly entry: MatchEntry;
  /** `rule canary`, or `rule 2` for one without a name. */
  readonly rule: string;
  /** `namespace/name`. */
  readonly route: string;
}

/** @param winner undefined where nothing matched */
export function explainMatch(
  explained: NamedMatch,
  winner: NamedMatch | undefined,
  request: RequestView,
): MatchExplanation {
  const match = describeMatch(explained.entry.source);
  if (explained.entry === winner?.entry) return { match, verdict: "won", reasons: [] };
  const failures = failuresOf(explained.entry, request);
  if (failures.length > 0 || winner === undefined) return { match, verdict: "failed", reasons: failures };
  const reason = `matched, but ${winner.rule} of ${winner.route} ${advantage(winner, explained)}`;
  return { match, verdict: "outranked", reasons: [reason] };
}

function describeMatch(match: HttpRouteMatch): string {
  const parts = [`${match.path.kind} ${match.path.value}`];
  if (match.method !== undefined) parts.push(`method ${match.method}`);
  parts.push(...match.headers.map((header) => `header ${describeValue(header)}`));
  parts.push(...match.queryParams.map((param) => `query parameter ${describeValue(param)}`));
  return parts.join(", ");
}

function describeValue(match: ValueMatch): string {
  switch (match.kind) {
    case "Exact":
      return `${match.name}: ${match.value}`;
    case "RegularExpression":
      return `${match.name} matching ${match.value}`;
    case "Unsupported":
      return `by ${match.value}`;
  }
}

function failuresOf(entry: MatchEntry, request: RequestView): readonly string[] {
  const failures = unsupportedParts(entry.source);
  const path = pathFailure(entry, request.path);
  if (path !== undefined) failures.push(path);
  if (entry.hasMethod && entry.method !== request.method) {
    failures.push(`method ${request.method} is not ${entry.method}`);
  }
  for (const condition of entry.headers) {
    if (matchesHeader(condition, request)) continue;
    failures.push(valueFailure(`header ${condition.name}`, request.header(condition.name), condition));
  }
  for (const condition of entry.queryParams) {
    if (matchesQuery(condition, request.query)) continue;
    const start = findParameter(request.query, condition.name);
    const value = start < 0 ? undefined : parameterValue(request.query, start);
    failures.push(valueFailure(`query parameter ${condition.name}`, value, condition));
  }
  return failures;
}

function unsupportedParts(match: HttpRouteMatch): string[] {
  return [match.path, ...match.headers, ...match.queryParams].flatMap((part) =>
    part.kind === "Unsupported" ? [`${part.field} ${part.value} is not supported`] : [],
  );
}

function pathFailure(entry: MatchEntry, path: string): string | undefined {
  if (matchesPath(entry, path)) return undefined;
  switch (entry.pathKind) {
    case "exact":
      return `path ${path} is not exactly ${entry.path}`;
    case "prefix":
      return `path ${path} does not match prefix ${entry.path}`;
    case "regex":
      return `path ${path} does not match the expression ${entry.path}`;
    case "never":
      return undefined;
  }
}

function valueFailure(subject: string, value: string | undefined, condition: ValueCondition): string {
  if (value === undefined) return `${subject} is absent`;
  if (condition.pattern === undefined) return `${subject} is "${value}", not "${condition.value}"`;
  return `${subject} is "${value}", which does not match the expression ${condition.value}`;
}

/** What the winner has that a match which fits too has not: the criterion that decided between them. */
function advantage(winner: NamedMatch, other: NamedMatch): string {
  const [best, worse] = [winner.entry, other.entry];
  switch (decidingCriterion(best, worse)) {
    case "pathKind":
      return best.pathKind === "exact"
        ? "has an Exact path"
        : "has a regular expression, which goes before a prefix";
    case "pathLength":
      return `has a longer ${best.pathKind === "regex" ? "expression" : "prefix"} (${best.path})`;
    case "method":
      return `also matches the method (${best.method})`;
    case "headers":
      return `matches more headers (${best.headerCount} over ${worse.headerCount})`;
    case "queryParams":
      return `matches more query parameters (${best.queryCount} over ${worse.queryCount})`;
    case "order":
      return orderAdvantage(winner, other);
  }
}

function orderAdvantage(winner: NamedMatch, other: NamedMatch): string {
  if (winner.entry.rule === other.entry.rule) return "has an equal match that stands before this one";
  if (winner.route === other.route) return "has an equal match and stands first in the route";
  return "has an equal match and is of the older route (of the first by namespace/name, if equally old)";
}
