import type { Frontend } from "./frontend.ts";

/** One address and port as different clients see it: one Frontend for each set of routes, not for each namespace. */
export interface FrontendVariants {
  /** For everybody who has no consumer routes of their own. */
  readonly producer: Frontend;
  /** By the namespace of the client. */
  readonly consumers: ReadonlyMap<string, Frontend>;
}

/**
 * A client namespace with consumer routes for the port uses only those
 * (https://gateway-api.sigs.k8s.io/geps/gep-1294/#route-types).
 */
export function frontendFor(variants: FrontendVariants, clientNamespace: string): Frontend {
  return variants.consumers.get(clientNamespace) ?? variants.producer;
}
