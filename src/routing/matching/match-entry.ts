import type { HttpRouteMatch, ValueMatch } from "../../resources/http-route.ts";
import type { CompiledRule } from "../compiled-rule.ts";
import type { RequestView } from "../request-view.ts";
import { withoutTrailingSlash } from "../rewrite-path.ts";
import { Pattern } from "./pattern.ts";
import type { PathKind, Ranked } from "./precedence.ts";
import {
  decodeParameter,
  findParameter,
  isEncodedText,
  isParameterValue,
  parameterValue,
} from "./query-parameter.ts";

/** One match of one rule, compiled. */
export interface MatchEntry extends Ranked {
  /** What it was compiled from. */
  readonly source: HttpRouteMatch;
  /** For a prefix without its trailing slash; else as written. */
  readonly path: string;
  /** For a regular expression. */
  readonly pathPattern: Pattern | undefined;
  /** Empty for any. */
  readonly method: string;
  readonly headers: readonly ValueCondition[];
  readonly queryParams: readonly ValueCondition[];
  readonly rule: CompiledRule;
}

export interface ValueCondition {
  readonly name: string;
  /** For an exact comparison. */
  readonly value: string;
  /** For a regular expression; undefined for an exact comparison. */
  readonly pattern: Pattern | undefined;
}

/** @param order its place in the route set, unique */
export function compileMatch(match: HttpRouteMatch, rule: CompiledRule, order: number): MatchEntry {
  const { path, method = "" } = match;
  const pathKind = pathKindOf(match);
  const value = path.kind === "PathPrefix" ? withoutTrailingSlash(path.value) : path.value;
  return {
    pathKind,
    pathLength: value.length,
    hasMethod: method !== "",
    headerCount: match.headers.length,
    queryCount: match.queryParams.length,
    order,
    source: match,
    path: value,
    pathPattern: path.kind === "RegularExpression" ? new Pattern(path.value) : undefined,
    method,
    headers: match.headers.flatMap(compileCondition),
    queryParams: match.queryParams.flatMap(compileCondition),
    rule,
  };
}

/** Whether a request fulfils everything of a match but its path. */
export function meetsConditions(entry: MatchEntry, request: RequestView): boolean {
  if (entry.hasMethod && entry.method !== request.method) return false;
  for (const condition of entry.headers) {
    if (!matchesHeader(condition, request)) return false;
  }
  for (const condition of entry.queryParams) {
    if (!matchesQuery(condition, request.query)) return false;
  }
  return true;
}

/** Whether a request's path fulfils a match. The hot path finds the entries of a path by other means. */
export function matchesPath(entry: MatchEntry, path: string): boolean {
  switch (entry.pathKind) {
    case "exact":
      return entry.path === path;
    case "regex":
      return entry.pathPattern?.matches(path) === true;
    case "prefix":
      return isPathPrefix(entry.path, path);
    case "never":
      return false;
  }
}

/** @param prefix without a trailing slash; the empty one matches everything */
function isPathPrefix(prefix: string, path: string): boolean {
  const { length } = prefix;
  if (length === 0) return true;
  return path.startsWith(prefix) && (path.length === length || path.charCodeAt(length) === SLASH);
}

const SLASH = 0x2f;

export function matchesHeader(condition: ValueCondition, request: RequestView): boolean {
  const value = request.header(condition.name);
  if (value === undefined) return false;
  return condition.pattern === undefined ? value === condition.value : condition.pattern.matches(value);
}

export function matchesQuery(condition: ValueCondition, query: string): boolean {
  const start = findParameter(query, condition.name);
  if (start < 0) return false;
  if (condition.pattern === undefined) return isParameterValue(query, start, condition.value);
  const sent = parameterValue(query, start);
  if (condition.pattern.matches(sent)) return true;
  return isEncodedText(sent) && condition.pattern.matches(decodeParameter(sent));
}

function pathKindOf(match: HttpRouteMatch): PathKind {
  const isUnsupported = (condition: ValueMatch): boolean => condition.kind === "Unsupported";
  if (match.headers.some(isUnsupported) || match.queryParams.some(isUnsupported)) return "never";
  switch (match.path.kind) {
    case "Exact":
      return "exact";
    case "PathPrefix":
      return "prefix";
    case "RegularExpression":
      return "regex";
    case "Unsupported":
      return "never";
  }
}

function compileCondition(match: ValueMatch): readonly ValueCondition[] {
  switch (match.kind) {
    case "Exact":
      return [{ name: match.name, value: match.value, pattern: undefined }];
    case "RegularExpression":
      return [{ name: match.name, value: match.value, pattern: new Pattern(match.value) }];
    case "Unsupported":
      return [];
  }
}
