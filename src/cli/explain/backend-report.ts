import type { AddressFamily, Candidates, Locality } from "../../balancing/candidates.ts";
import { EndpointSet } from "../../balancing/endpoint-set.ts";
import type { Backend, Endpoint } from "../../binding/backend.ts";
import { joinHostPort } from "../../resources/ip-address.ts";
import { showDuration } from "../duration.ts";
import type { BackendReport, EndpointReport } from "./explanation.ts";

/** What the endpoints are chosen for: the family of the address dialled, and where the client runs. */
export interface EndpointScope {
  readonly family: AddressFamily;
  readonly locality: Locality;
}

/** Chosen by the proxy's own code, as long as no connection has failed. */
export function candidatesOf(backend: Backend, { family, locality }: EndpointScope): Candidates {
  return new EndpointSet(backend, locality).candidates(family);
}

export function reportBackend(backend: Backend, scope: EndpointScope): BackendReport {
  const candidates = candidatesOf(backend, scope);
  const chosen = new Set<Endpoint>(candidates.kind === "some" ? candidates.endpoints : []);
  return {
    backend: backend.name,
    selection: describeSelection(backend, candidates, scope.locality),
    notes: notesOn(backend),
    endpoints: backend.endpoints.map((endpoint) => {
      const { zone, node } = endpoint;
      return {
        address: joinHostPort(endpoint.address, endpoint.port),
        ...(zone !== undefined && { zone }),
        ...(node !== undefined && { node }),
        isCandidate: chosen.has(endpoint),
        condition: conditionOf(endpoint),
        ...(!chosen.has(endpoint) && {
          reason: whyNot(endpoint, { backend, candidates, locality: scope.locality }),
        }),
      };
    }),
  };
}

function notesOn({ sessionAffinity, protocol }: Backend): readonly string[] {
  const notes: string[] = [];
  if (sessionAffinity.kind === "ClientIP") {
    const length = showDuration(sessionAffinity.timeoutSeconds * 1000);
    notes.push(
      `Each client stays with one endpoint until it pauses for ${length} (sessionAffinity ClientIP).`,
    );
  }
  if (protocol === "http2") notes.push("It takes HTTP/2 only, which this version does not speak yet.");
  return notes;
}

/** A sentence: how many endpoints take traffic and why these. */
function describeSelection(backend: Backend, candidates: Candidates, locality: Locality): string {
  const total = backend.endpoints.length;
  if (candidates.kind === "none") {
    return `No endpoint can take it: ${whyNoEndpoint(backend, candidates.reason, locality)}.`;
  }
  const count = candidates.endpoints.length;
  const all = total === 2 ? "Both endpoints" : `All ${total} endpoints`;
  const some = count === total ? all : `${count} of ${total} endpoints`;
  const subject = total === 1 ? "The only endpoint" : some;
  const verb = count === 1 ? "takes" : "take";
  return `${subject} ${verb} traffic${whyThese(backend, candidates, locality)}.`;
}

type SomeCandidates = Extract<Candidates, { readonly kind: "some" }>;

function whyThese(
  backend: Backend,
  { scope, isDraining, endpoints }: SomeCandidates,
  locality: Locality,
): string {
  const draining = isDraining ? ", though shutting down, because none is ready" : "";
  const by = endpoints.some(({ hintZones, hintNodes }) => hintZones.length + hintNodes.length > 0)
    ? "topology hints"
    : `trafficDistribution ${backend.trafficDistribution}`;
  switch (scope) {
    case "all":
      return draining;
    case "same-zone":
      return `: those for zone ${locality.zone}, by ${by}`;
    case "same-node":
      return `: those for node ${locality.node}, by ${by}`;
    case "local-node":
      return `${draining}: those on node ${locality.node}, by internalTrafficPolicy Local`;
  }
}

/** The rest of a sentence. */
export function whyNoEndpoint(
  { endpoints, namespace, service }: Backend,
  reason: Extract<Candidates, { readonly kind: "none" }>["reason"],
  locality: Locality,
): string {
  switch (reason) {
    case "no-endpoints":
      return `no EndpointSlice of Service ${namespace}/${service} has any for this port`;
    case "none-ready":
      return endpoints.length === 1
        ? "the only one is not ready"
        : `none of the ${endpoints.length} is ready`;
    case "none-local":
      return `internalTrafficPolicy is Local, and none that is on node ${locality.node} is ready`;
    case "node-unknown":
      return "internalTrafficPolicy is Local, and the client's node is not known (--node tells it)";
  }
}

function conditionOf({ isReady, isServing, isTerminating }: Endpoint): EndpointReport["condition"] {
  if (isReady) return "ready";
  if (!isTerminating) return "not ready";
  return isServing ? "terminating, still serving" : "terminating";
}

interface Choice {
  readonly backend: Backend;
  readonly candidates: Candidates;
  readonly locality: Locality;
}

function whyNot(endpoint: Endpoint, { backend, candidates, locality }: Choice): string {
  const family = candidates.kind === "some" ? candidates.endpoints[0]?.family : endpoint.family;
  const condition = conditionOf(endpoint);
  if (candidates.kind === "none" && candidates.reason === "node-unknown")
    return "the client's node is not known";
  if (backend.internalTrafficPolicy === "Local" && endpoint.node !== locality.node) {
    return "on another node, and internalTrafficPolicy is Local";
  }
  if (!endpoint.isReady && (condition !== "terminating, still serving" || candidates.kind === "none")) {
    return condition;
  }
  if (endpoint.family !== family)
    return `IPv${endpoint.family}, which comes only when no IPv${family} one is left`;
  if (!endpoint.isReady) return "terminating, and others are ready";
  return candidates.kind === "some" && candidates.scope === "same-node"
    ? `not for node ${locality.node}, which is preferred`
    : `not for zone ${locality.zone}, which is preferred`;
}
