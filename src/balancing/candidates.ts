import type { Backend, Endpoint } from "../binding/backend.ts";

/** Where the client runs; what is unknown is absent. */
export interface Locality {
  readonly zone?: string;
  readonly node?: string;
}

export type AddressFamily = 4 | 6;

/** Which of a backend's endpoints of one address family may be dialled, and why these. */
export type Candidates =
  | {
      readonly kind: "some";
      readonly endpoints: readonly Endpoint[];
      readonly scope: CandidateScope;
      /** No endpoint was ready, so those that are shutting down but still serve take the traffic. */
      readonly isDraining: boolean;
    }
  | { readonly kind: "none"; readonly reason: NoCandidateReason };

/** `local-node`: internalTrafficPolicy Local; `same-*`: preferred by hints or trafficDistribution. */
export type CandidateScope = "all" | "same-zone" | "same-node" | "local-node";

/**
 * `no-endpoints`: none of this family; `none-ready`: there are some, none of them serves;
 * `none-local`: internalTrafficPolicy Local and none serves on this node;
 * `node-unknown`: internalTrafficPolicy Local and this node is not known, so that nothing can be called local.
 */
export type NoCandidateReason = "no-endpoints" | "none-ready" | "none-local" | "node-unknown";

interface Hints {
  readonly zones: (endpoint: Endpoint) => readonly string[];
  readonly nodes: (endpoint: Endpoint) => readonly string[];
}

/**
 * Chooses as kube-proxy does, each address family by itself: ready endpoints, narrowed by hints when every one of
 * them has a hint and one fits; if none is ready, the serving and terminating ones without regard to hints.
 * internalTrafficPolicy Local looks at this node only and never spills over; with an unknown node that leaves none.
 * Source: CategorizeEndpoints in https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/proxy/topology.go.
 *
 * Beyond kube-proxy: where no ready endpoint has hints but the Service asks for a trafficDistribution (hand-written
 * slices), the hints are those that the EndpointSlice controller would have given.
 */
export function selectCandidates(backend: Backend, family: AddressFamily, locality: Locality): Candidates {
  const endpoints = backend.endpoints.filter((endpoint) => endpoint.family === family);
  if (endpoints.length === 0) return { kind: "none", reason: "no-endpoints" };
  if (backend.internalTrafficPolicy === "Local") return selectLocal(endpoints, locality.node);
  const ready = endpoints.filter((endpoint) => endpoint.isReady);
  if (ready.length === 0) return orDraining(endpoints, "all", "none-ready");
  return narrowByHints(ready, hintsOf(ready, backend.trafficDistribution), locality);
}

function selectLocal(endpoints: readonly Endpoint[], node: string | undefined): Candidates {
  if (node === undefined) return { kind: "none", reason: "node-unknown" };
  const local = endpoints.filter((endpoint) => endpoint.node === node);
  const ready = local.filter((endpoint) => endpoint.isReady);
  if (ready.length === 0) return orDraining(local, "local-node", "none-local");
  return { kind: "some", endpoints: ready, scope: "local-node", isDraining: false };
}

function orDraining(
  endpoints: readonly Endpoint[],
  scope: CandidateScope,
  reason: NoCandidateReason,
): Candidates {
  const draining = endpoints.filter((endpoint) => endpoint.isServing && endpoint.isTerminating);
  if (draining.length === 0) return { kind: "none", reason };
  return { kind: "some", endpoints: draining, scope, isDraining: true };
}

const writtenHints: Hints = {
  zones: (endpoint) => endpoint.hintZones,
  nodes: (endpoint) => endpoint.hintNodes,
};

const sameZoneHints: Hints = {
  zones: (endpoint) => (endpoint.zone === undefined ? [] : [endpoint.zone]),
  nodes: () => [],
};

const sameNodeHints: Hints = {
  zones: sameZoneHints.zones,
  nodes: (endpoint) => (endpoint.node === undefined ? [] : [endpoint.node]),
};

function hintsOf(ready: readonly Endpoint[], distribution: Backend["trafficDistribution"]): Hints {
  if (distribution === undefined) return writtenHints;
  if (ready.some((endpoint) => endpoint.hintZones.length > 0 || endpoint.hintNodes.length > 0)) {
    return writtenHints;
  }
  return distribution === "PreferSameNode" ? sameNodeHints : sameZoneHints;
}

function narrowByHints(ready: readonly Endpoint[], hints: Hints, locality: Locality): Candidates {
  const sameNode = hintedFor(ready, hints.nodes, locality.node);
  if (sameNode.length > 0) {
    return { kind: "some", endpoints: sameNode, scope: "same-node", isDraining: false };
  }
  const sameZone = hintedFor(ready, hints.zones, locality.zone);
  if (sameZone.length > 0) {
    return { kind: "some", endpoints: sameZone, scope: "same-zone", isDraining: false };
  }
  return { kind: "some", endpoints: ready, scope: "all", isDraining: false };
}

/** Those hinted for the place; none when one endpoint lacks a hint, because hints then are not complete. */
function hintedFor(
  ready: readonly Endpoint[],
  hints: (endpoint: Endpoint) => readonly string[],
  place: string | undefined,
): readonly Endpoint[] {
  if (place === undefined || ready.some((endpoint) => hints(endpoint).length === 0)) return [];
  return ready.filter((endpoint) => hints(endpoint).includes(place));
}
