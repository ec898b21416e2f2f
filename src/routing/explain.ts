import type { RouteScope } from "../binding/frontend.ts";
import { objectKey } from "../resources/object-meta.ts";
import type { CompiledFrontend, CompiledMatches } from "./compile-frontend.ts";
import { compileMatches } from "./compile-frontend.ts";
import type { RuleEffect } from "./explain-effect.ts";
import { explainEffect } from "./explain-effect.ts";
import type { MatchExplanation, NamedMatch } from "./explain-match.ts";
import { explainMatch } from "./explain-match.ts";
import { matchEntry } from "./match-request.ts";
import type { RedirectOrigin } from "./redirect.ts";
import type { RequestView } from "./request-view.ts";

/** Why a request goes where it goes. Plain data: it can be printed as JSON. */
export interface RequestExplanation {
  /** `no-route`: nothing is bound, and the Service's own backend gets the request. `no-match`: answered 404. */
  readonly outcome: "no-route" | "matched" | "no-match";
  /** Which set of routes applies; absent where none is bound. */
  readonly scope?: RouteScope;
  /** The rule that won, as in `rules`; absent where none did. */
  readonly winner?: { readonly route: string; readonly rule: string };
  /** Every rule of the set, in its order. */
  readonly rules: readonly RuleExplanation[];
  /** What the winner does; absent where nothing matched. */
  readonly effect?: RuleEffect;
}

export interface RuleExplanation {
  /** `namespace/name`. */
  readonly route: string;
  /** The rule's name, else its index in the route. */
  readonly rule: string;
  readonly index: number;
  readonly isWinner: boolean;
  readonly matches: readonly MatchExplanation[];
}

/** Decides by the matcher itself, and gives its reasons. */
export function explainRequest(compiled: CompiledFrontend, request: RequestView): RequestExplanation {
  const { routes } = compiled.frontend;
  const { onlyRule, origin } = compiled;
  if (routes === undefined) {
    const effect = onlyRule && { effect: explainEffect(onlyRule, undefined, request, origin) };
    return { outcome: "no-route", rules: [], ...effect };
  }
  const order = matchEntry(compiled, request)?.order;
  const rules = compileMatches(routes.routes).toArray();
  const winner = rules.flatMap(namedMatches).find(({ entry }) => entry.order === order);
  return {
    scope: routes.scope,
    ...explainWinner(
      rules.find(({ entries }) => entries.some((entry) => entry === winner?.entry)),
      request,
      origin,
    ),
    rules: rules.map((rule) => ({
      ...nameOf(rule),
      index: rule.rule.index,
      isWinner: rule.entries.some((entry) => entry === winner?.entry),
      matches: namedMatches(rule).map((match) => explainMatch(match, winner, request)),
    })),
  };
}

function explainWinner(
  winner: CompiledMatches | undefined,
  request: RequestView,
  origin: RedirectOrigin,
): Pick<RequestExplanation, "outcome" | "winner" | "effect"> {
  const compiled = winner?.entries[0]?.rule;
  if (winner === undefined || compiled === undefined) return { outcome: "no-match" };
  return {
    outcome: "matched",
    winner: nameOf(winner),
    effect: explainEffect(compiled, winner.rule, request, origin),
  };
}

function namedMatches({ route, rule, entries }: CompiledMatches): readonly NamedMatch[] {
  const name = `rule ${rule.name ?? rule.index}`;
  return entries.map((entry) => ({ entry, rule: name, route: objectKey(route) }));
}

function nameOf({ route, rule }: CompiledMatches): { readonly route: string; readonly rule: string } {
  return { route: objectKey(route), rule: rule.name ?? String(rule.index) };
}
