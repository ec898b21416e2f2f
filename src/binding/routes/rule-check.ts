import type {
  HttpRouteFilter,
  HttpRouteMatch,
  HttpRouteRule,
  PathMatch,
  PathModifier,
  Unsupported,
  ValueMatch,
} from "../../resources/http-route.ts";
import { compileRegularExpression } from "../../resources/regular-expression.ts";
import type { InvalidRuleReason } from "../route-status.ts";

/** Why a rule can't be served, and what becomes of its requests. */
export interface RuleFault {
  readonly reason: InvalidRuleReason;
  /** Without a full stop; places are inside the rule: `matches[0].path: …`. */
  readonly message: string;
  /**
   * `drop`: the rule is not there, and its requests go on to other rules.
   * `close`: the rule is there and answers 500 to each request.
   * `keep`: the rule is there, and the filters in question answer 500 where they apply.
   */
  readonly effect: "drop" | "close" | "keep";
}

/**
 * The first thing that makes the rule unfit to be served, if any. Unknown values and filters that exclude each other
 * are named in https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule; the API server turns most of them away,
 * but not an older one, and not a folder of files.
 *
 * A rule that holds a filter which can't be applied is never dropped for its other filters: its requests would go on to
 * a rule without that filter, which may be one that checks who is allowed to send them.
 */
export function checkRule(rule: HttpRouteRule): RuleFault | undefined {
  return checkMatches(rule.matches) ?? checkCombinations(rule) ?? checkFilters(rule);
}

function checkMatches(matches: readonly HttpRouteMatch[]): RuleFault | undefined {
  for (const [index, match] of matches.entries()) {
    for (const value of [match.path, ...match.headers, ...match.queryParams]) {
      const message = describeInvalid(value, index);
      if (message !== undefined) return { reason: "UnsupportedValue", message, effect: "drop" };
    }
  }
  return undefined;
}

function describeInvalid(value: PathMatch | ValueMatch, match: number): string | undefined {
  if (value.kind === "Unsupported") return describeUnsupported(value, "");
  if (value.kind !== "RegularExpression") return undefined;
  const compiled = compileRegularExpression(value.value);
  if (compiled.kind === "ok") return undefined;
  const place =
    "name" in value ? `matches[${match}], ${JSON.stringify(value.name)}` : `matches[${match}].path`;
  return `${place}: ${JSON.stringify(value.value)} is not a regular expression: ${compiled.message}`;
}

const ONCE_ONLY: ReadonlySet<string> = new Set([
  "RequestHeaderModifier",
  "ResponseHeaderModifier",
  "RequestRedirect",
  "URLRewrite",
  "CORS",
]);

function checkCombinations(rule: HttpRouteRule): RuleFault | undefined {
  const message = describeCombination(rule);
  if (message === undefined) return undefined;
  const isGuarded = filterLists(rule).some(({ filters }) => filters.some(isInapplicable));
  return isGuarded
    ? { reason: "IncompatibleFilters", message: `${message}; its requests are answered 500`, effect: "close" }
    : { reason: "IncompatibleFilters", message, effect: "drop" };
}

function describeCombination(rule: HttpRouteRule): string | undefined {
  const isRedirect = rule.filters.some((filter) => filter.kind === "RequestRedirect");
  if (isRedirect && rule.backendRefs.length > 0) return "filters: RequestRedirect excludes backendRefs";
  for (const { place, filters } of filterLists(rule)) {
    const kinds = new Set<string>();
    for (const { kind } of filters) {
      if (kinds.has(kind) && ONCE_ONLY.has(kind)) return `${place}: ${kind} is there twice`;
      kinds.add(kind);
    }
    if (kinds.has("RequestRedirect") && kinds.has("URLRewrite")) {
      return `${place}: RequestRedirect and URLRewrite exclude each other`;
    }
    const replacesPrefix = filters.some((filter) => pathModifier(filter)?.kind === "ReplacePrefixMatch");
    if (replacesPrefix && !(rule.matches.length === 1 && rule.matches[0]?.path.kind === "PathPrefix")) {
      return `${place}: ReplacePrefixMatch needs exactly one match, of type PathPrefix`;
    }
  }
  return undefined;
}

/** An ExtensionRef is not among them: it is a reference that does not resolve, and no fault of its rule. */
function checkFilters(rule: HttpRouteRule): RuleFault | undefined {
  for (const { place, filters } of filterLists(rule)) {
    for (const [index, filter] of filters.entries()) {
      if (filter.kind !== "ExternalAuth" && filter.kind !== "Unsupported") continue;
      const message = `${describeUnsupported(filter, `${place}[${index}]`)}; its requests are answered 500`;
      return { reason: "UnsupportedValue", message, effect: "keep" };
    }
  }
  return undefined;
}

/** What is not supported, and where: an ExternalAuth filter stands at `place`, an unknown value knows its own. */
export function describeUnsupported(
  what: Unsupported | { readonly kind: "ExternalAuth" },
  place: string,
): string {
  return what.kind === "ExternalAuth"
    ? `${place}: "ExternalAuth" is not supported`
    : `${what.field}: ${JSON.stringify(what.value)} is not supported`;
}

function isInapplicable({ kind }: HttpRouteFilter): boolean {
  return kind === "ExternalAuth" || kind === "Unsupported" || kind === "ExtensionRef";
}

function filterLists(rule: HttpRouteRule): readonly { place: string; filters: readonly HttpRouteFilter[] }[] {
  return [
    { place: "filters", filters: rule.filters },
    ...rule.backendRefs.map(({ filters }, index) => ({ place: `backendRefs[${index}].filters`, filters })),
  ];
}

function pathModifier(filter: HttpRouteFilter): PathModifier | undefined {
  if (filter.kind === "RequestRedirect") return filter.redirect.path;
  return filter.kind === "URLRewrite" ? filter.rewrite.path : undefined;
}
