import type { PatchOperation } from "./json-patch.ts";
import type { ObservedRoute } from "./observed-route.ts";
import type { RouteKind } from "./route-kinds.ts";

/** Which route, at which version of its API. */
export interface RouteAddress {
  readonly kind: RouteKind;
  readonly version: string;
  readonly namespace: string;
  readonly name: string;
}

/** The API server, as the writer of status needs it. Outcomes are values; what is thrown counts as failed. */
export interface StatusPort {
  read(route: RouteAddress, signal: AbortSignal): Promise<RouteAnswer>;
  /** Applies the operations to `/status`, all or none. */
  patch(
    route: RouteAddress,
    operations: readonly PatchOperation[],
    signal: AbortSignal,
  ): Promise<RouteAnswer | RouteRefusal>;
}

export type RouteAnswer =
  /** The route as it is now. */
  | { readonly kind: "route"; readonly route: ObservedRoute }
  /** There is no such route (any more). */
  | { readonly kind: "gone" }
  /** `retryAfterMs` where the API server asked for patience. */
  | { readonly kind: "failed"; readonly message: string; readonly retryAfterMs?: number };

/** It is another version than the one named, or the outcome would not be valid: reading it tells which. */
export interface RouteRefusal {
  readonly kind: "refused";
  readonly message: string;
}
