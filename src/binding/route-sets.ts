import type { BoundRoute } from "./frontend.ts";
import { compareByAge } from "./order.ts";
import type { RouteBinding } from "./routes/route-binding.ts";

/**
 * The routes of one Service port, those of its own namespace apart from those of each client namespace, in order of
 * precedence. The sets never merge (https://gateway-api.sigs.k8s.io/geps/gep-1294/#route-types). The specification
 * leaves open whether a consumer's set replaces the producer's for the whole Service; here it does for the port.
 */
export interface PortRoutes {
  readonly producer: readonly BoundRoute[];
  /** By client namespace; no list is empty. */
  readonly consumers: ReadonlyMap<string, readonly BoundRoute[]>;
}

/** By the name of the port's own Backend. */
export type RouteSets = ReadonlyMap<string, PortRoutes>;

export function collectRouteSets(bindings: Iterable<RouteBinding>): RouteSets {
  const sets = new Map<string, { producer: BoundRoute[]; consumers: Map<string, BoundRoute[]> }>();
  for (const { bound, ports } of [...bindings].sort((a, b) => compareByAge(a.route, b.route))) {
    if (bound === undefined) continue;
    for (const { backend, scope } of ports) {
      const set = sets.getOrInsertComputed(backend, () => ({ producer: [], consumers: new Map() }));
      if (scope.kind === "producer") set.producer.push(bound);
      else set.consumers.getOrInsertComputed(scope.namespace, () => []).push(bound);
    }
  }
  return sets;
}
