import type { CompiledBackend, ForwardAction } from "./compiled-rule.ts";

/**
 * Picks a backend by weight, over all references of the rule: an invalid one keeps its share, and answers 500.
 * Where all weights are zero the pick is `noBackend`, which answers 500 too (HTTPRoute: weight).
 * @param random in [0, 1)
 */
export function pickBackend(action: ForwardAction, random: number): CompiledBackend {
  const { backends, cumulativeWeights } = action;
  const last = backends.length - 1;
  const point = last > 0 ? random * action.totalWeight : 0;
  let index = 0;
  while (index < last && point >= (cumulativeWeights[index] ?? 0)) index += 1;
  return backends[index] ?? action.noBackend;
}
