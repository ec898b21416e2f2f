import type { BoundRoute, RouteScope } from "./frontend.ts";
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

/** A route at one port. */
export interface AttachedRoute {
  readonly binding: RouteBinding;
  readonly scope: RouteScope;
}

export function collectPortRoutes(attached: readonly AttachedRoute[]): PortRoutes {
  const producer: BoundRoute[] = [];
  const consumers = new Map<string, BoundRoute[]>();
  for (const { binding, scope } of attached.toSorted((a, b) =>
    compareByAge(a.binding.route, b.binding.route),
  )) {
    if (binding.bound === undefined) continue;
    if (scope.kind === "producer") producer.push(binding.bound);
    else consumers.getOrInsertComputed(scope.namespace, () => []).push(binding.bound);
  }
  return { producer, consumers };
}
