import type { ParentRef } from "../resources/http-route.ts";
import type { InvalidBackendReason } from "./frontend.ts";

/**
 * What the mesh has to say of one route, as data. Whoever writes it adds the controller name and the transition
 * times. A route that names no Service as its parent has no parents here: entries of ours that it still carries are
 * stale.
 */
export interface RouteStatus {
  readonly kind: "HTTPRoute";
  readonly namespace: string;
  readonly name: string;
  /** In the order of the route's parentRefs, those of other meshes and gateways left out. */
  readonly parents: readonly ParentStatus[];
}

export interface ParentStatus {
  /** Exactly as written in the route: with the controller's name it is the key of the entry. */
  readonly parentRef: ParentRef;
  /**
   * Accepted, ResolvedRefs, and PartiallyInvalid where it is True: it must be absent otherwise. Of a route that can't
   * be read, Accepted alone.
   */
  readonly conditions: readonly RouteCondition[];
}

/** https://gateway-api.sigs.k8s.io/reference/spec/#routeconditiontype */
export interface RouteCondition {
  readonly type: "Accepted" | "ResolvedRefs" | "PartiallyInvalid";
  readonly status: "True" | "False";
  readonly reason: RouteConditionReason;
  /** Plain words, the same for the same input; at most MAX_MESSAGE_LENGTH characters. */
  readonly message: string;
  /** The generation of the route that was judged. */
  readonly observedGeneration: number;
}

/** Whether the condition says that something of the route is not in force. */
export function isProblem({ type, status }: { readonly type: string; readonly status: string }): boolean {
  return status === (type === "PartiallyInvalid" ? "True" : "False");
}

/** The API server takes 32,768; this much is still readable. */
export const MAX_MESSAGE_LENGTH = 4000;

type RouteConditionReason =
  | "Accepted"
  | "NoMatchingParent"
  | InvalidRuleReason
  | "ResolvedRefs"
  | InvalidBackendReason;

/** Why a rule, and so perhaps its route, can't be served. */
export type InvalidRuleReason = "UnsupportedValue" | "IncompatibleFilters";
