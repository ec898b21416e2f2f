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

export interface Criterion {
  /** What the winner has more of. */
  readonly name: string;
  /** Higher wins. */
  readonly rank: (match: Ranked) => number;
}

/** Between Exact and PathPrefix, so that a catch-all prefix doesn't hide a regular expression. */
const PATH_KIND_RANK: Readonly<Record<PathKind, number>> = { exact: 3, regex: 2, prefix: 1, never: 0 };

/**
 * The order of the Gateway API (HTTPRouteRule.Matches, apis/v1/httproute_types.go). It leaves the rank of regular
 * expressions to us: below Exact, above PathPrefix, the one with more characters first, as it is with prefixes.
 */
const CRITERIA: readonly Criterion[] = [
  { name: "kind of path match", rank: (match) => PATH_KIND_RANK[match.pathKind] },
  { name: "length of path", rank: (match) => match.pathLength },
  { name: "method match", rank: (match) => (match.hasMethod ? 1 : 0) },
  { name: "number of header matches", rank: (match) => match.headerCount },
  { name: "number of query matches", rank: (match) => match.queryCount },
  { name: "order", rank: (match) => -match.order },
];

/** Negative where `first` wins: a sort puts the winner at the front. A total order, as `order` is unique. */
export function comparePrecedence(first: Ranked, second: Ranked): number {
  const criterion = decidingCriterion(first, second);
  return criterion === undefined ? 0 : criterion.rank(second) - criterion.rank(first);
}

/** The first criterion by which two matches differ; undefined for a match and itself. */
export function decidingCriterion(first: Ranked, second: Ranked): Criterion | undefined {
  return CRITERIA.find((criterion) => criterion.rank(first) !== criterion.rank(second));
}
