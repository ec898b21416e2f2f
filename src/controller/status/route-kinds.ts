import type { RouteStatus } from "../../binding/route-status.ts";

export type RouteKind = RouteStatus["kind"];

/** Where the API server keeps the routes of a kind. */
export interface RouteResource {
  readonly group: string;
  /** Their `status` is alike; the first one that is served is used. */
  readonly versions: readonly string[];
  readonly plural: string;
}

/**
 * The kinds of routes that get a status: all have the same `status.parents`
 * (https://gateway-api.sigs.k8s.io/reference/spec/#routestatus), so another kind is another row.
 */
export const ROUTE_KINDS: Readonly<Record<RouteKind, RouteResource>> = {
  HTTPRoute: { group: "gateway.networking.k8s.io", versions: ["v1", "v1beta1"], plural: "httproutes" },
};
