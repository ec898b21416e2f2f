import type { CompiledBackend, ForwardAction } from "./compiled-rule.ts";

/**
 * Picks a backend by weight, over all references of the rule: an invalid one keeps its share, and answers 500
 * (HTTPRouteRule.BackendRefs, apis/v1/httproute_types.go).
 * @param random in [0, 1)
 */
export function pickBackend(action: ForwardAction, random: number): CompiledBackend {
  const { backends, cumulativeWeights } = action;
  const last = backends.length - 1;
  if (last === 0) return backends[0];
  const point = random * action.totalWeight;
  let index = 0;
  while (index < last && point >= (cumulativeWeights[index] ?? 0)) index += 1;
  return backends[index] ?? backends[0];
}
