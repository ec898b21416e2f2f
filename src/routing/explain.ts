import type { RouteScope } from "../binding/frontend.ts";
import { objectKey } from "../resources/object-meta.ts";
import type { CompiledFrontend, CompiledMatches } from "./compile-frontend.ts";
import type { RuleEffect } from "./explain-effect.ts";
import { explainEffect } from "./explain-effect.ts";
import type { MatchExplanation, NamedMatch } from "./explain-match.ts";
import { explainMatch } from "./explain-match.ts";
import { matchEntry } from "./match-request.ts";
import type { MatchEntry } from "./matching/match-entry.ts";
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

/** A step explains this many rules, in some tens of microseconds. */
const STEP_SIZE = 32;

/** Decides by the matcher itself, and gives its reasons. */
export function explainRequest(compiled: CompiledFrontend, request: RequestView): RequestExplanation {
  const steps = explainRequestInSteps(compiled, request);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/**
 * The same in short steps, as `compileFrontendInSteps`: a running proxy explains thousands of rules between requests.
 */
export function* explainRequestInSteps(
  compiled: CompiledFrontend,
  request: RequestView,
): Generator<undefined, RequestExplanation> {
  const { onlyRule, origin, rules } = compiled;
  const { routes } = compiled.frontend;
  if (routes === undefined) {
    const effect = onlyRule && { effect: explainEffect(onlyRule, undefined, request, origin) };
    return { outcome: "no-route", rules: [], ...effect };
  }
  const entry = matchEntry(compiled, request);
  const winner = rules.find(({ entries }) => entry !== undefined && entries.includes(entry));
  const best = entry && winner && namedMatch(winner, entry);
  const explained: RuleExplanation[] = [];
  for (const rule of rules) {
    explained.push({
      ...nameOf(rule),
      index: rule.rule.index,
      isWinner: rule === winner,
      matches: rule.entries.map((other) => explainMatch(namedMatch(rule, other), best, request)),
    });
    if (explained.length % STEP_SIZE === 0) yield;
  }
  return {
    outcome: entry === undefined ? "no-match" : "matched",
    scope: routes.scope,
    ...(winner && { winner: nameOf(winner) }),
    rules: explained,
    ...(entry && { effect: explainEffect(entry.rule, winner?.rule, request, origin) }),
  };
}

function namedMatch({ route, rule }: CompiledMatches, entry: MatchEntry): NamedMatch {
  return { entry, rule: `rule ${rule.name ?? rule.index}`, route: objectKey(route) };
}

function nameOf({ route, rule }: CompiledMatches): { readonly route: string; readonly rule: string } {
  return { route: objectKey(route), rule: rule.name ?? String(rule.index) };
}
