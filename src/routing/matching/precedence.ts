/** What a match is ranked by. */
export interface Ranked {
  readonly pathKind: PathKind;
  /** Characters of the path value, for a prefix without its trailing slash. */
  readonly pathLength: number;
  readonly hasMethod: boolean;
  readonly headerCount: number;
  readonly queryCount: number;
  /** Its place in the route set: oldest route first, then namespace/name, then rule, then match. Unique. */
  readonly order: number;
}

/** `never`: a match that can't be applied, and so matches nothing. */
export type PathKind = "exact" | "regex" | "prefix" | "never";

/** By what one match goes before another. */
export type Criterion = "pathKind" | "pathLength" | "method" | "headers" | "queryParams" | "order";

/** Between Exact and PathPrefix, so that a catch-all prefix doesn't hide a regular expression. */
const PATH_KIND_RANK: Readonly<Record<PathKind, number>> = { exact: 3, regex: 2, prefix: 1, never: 0 };

/**
 * The order of the Gateway API (HTTPRouteRule.Matches, apis/v1/httproute_types.go); the higher rank wins. It leaves
 * the rank of regular expressions to us: below Exact, above PathPrefix, and the one with more characters first, as it
 * is with prefixes.
 */
const RANKS: readonly (readonly [Criterion, (match: Ranked) => number])[] = [
  ["pathKind", (match) => PATH_KIND_RANK[match.pathKind]],
  ["pathLength", (match) => match.pathLength],
  ["method", (match) => (match.hasMethod ? 1 : 0)],
  ["headers", (match) => match.headerCount],
  ["queryParams", (match) => match.queryCount],
];

/** Negative where `first` wins: a sort puts the winner at the front. A total order, as `order` is unique. */
export function comparePrecedence(first: Ranked, second: Ranked): number {
  for (const [, rank] of RANKS) {
    const difference = rank(second) - rank(first);
    if (difference !== 0) return difference;
  }
  return first.order - second.order;
}

/** The criterion that decides between two matches. */
export function decidingCriterion(first: Ranked, second: Ranked): Criterion {
  return RANKS.find(([, rank]) => rank(first) !== rank(second))?.[0] ?? "order";
}
