import type { Backend, Endpoint } from "../../binding/backend.ts";

/** Which of the things that are said about the place of an endpoint can have a part in choosing it. */
export interface RelevantTopology {
  readonly zone: boolean;
  readonly node: boolean;
  readonly hints: boolean;
}

/**
 * What `selectCandidates` (src/balancing/candidates.ts) may look at for this Backend, whoever the client is:
 * with internalTrafficPolicy Local the node and nothing else; otherwise the hints, and where a family has ready
 * endpoints without any hint and there is a trafficDistribution, what the hints are made up from. The rest stays at
 * the controller: the node names of 1,000 endpoints would be most of a push.
 */
export function relevantTopology(backend: Backend): RelevantTopology {
  if (backend.internalTrafficPolicy === "Local") return { zone: false, node: true, hints: false };
  const isGuessed = backend.trafficDistribution !== undefined && lacksHints(backend.endpoints);
  return {
    zone: isGuessed,
    node: isGuessed && backend.trafficDistribution === "PreferSameNode",
    hints: true,
  };
}

function lacksHints(endpoints: readonly Endpoint[]): boolean {
  return ([4, 6] as const).some((family) => {
    const ready = endpoints.filter((endpoint) => endpoint.family === family && endpoint.isReady);
    return ready.length > 0 && !ready.some((e) => e.hintZones.length > 0 || e.hintNodes.length > 0);
  });
}
