import type { Backend, BackendProtocol, Endpoint } from "../../binding/backend.ts";
import {
  Backend as BackendMessage,
  type EndpointGroup,
  InternalTrafficPolicy,
  BackendProtocol as Protocol,
  TrafficDistribution,
} from "../generated/eastbound/discovery/v1/backend.ts";
import { ipBytes } from "./ip-bytes.ts";
import { type RelevantTopology, relevantTopology } from "./relevant-topology.ts";

const PROTOCOLS: Readonly<Record<BackendProtocol, Protocol>> = {
  undeclared: Protocol.UNDECLARED,
  http: Protocol.HTTP,
  websocket: Protocol.WEBSOCKET,
  http2: Protocol.HTTP2,
  tls: Protocol.TLS,
  other: Protocol.OTHER,
};

const DISTRIBUTIONS = {
  PreferSameZone: TrafficDistribution.PREFER_SAME_ZONE,
  PreferSameNode: TrafficDistribution.PREFER_SAME_NODE,
} as const;

/**
 * The bytes of a Backend, without its name. The same Backend gives the same bytes everywhere. Of the endpoints' places
 * only those are kept that `relevantTopology` names. Addresses must be in canonical form, as binding gives them.
 */
export function encodeBackend(backend: Backend): Uint8Array {
  const { trafficDistribution, sessionAffinity } = backend;
  const ipv4Prefix = commonPrefix(backend.endpoints, 4);
  const ipv6Prefix = commonPrefix(backend.endpoints, 6);
  const places = new Map<string, number>();
  const endpointPort = backend.endpoints[0]?.port ?? 0;
  const groups = groupEndpoints(backend.endpoints, relevantTopology(backend)).map((group) => {
    const prefix = group.like.family === 4 ? ipv4Prefix : ipv6Prefix;
    const port = group.like.port === endpointPort ? 0 : group.like.port;
    return { ...encodeGroup(group, prefix.length, places), port };
  });
  return BackendMessage.encode({
    protocol: PROTOCOLS[backend.protocol],
    clusterIps: backend.clusterIPs.map(ipBytes),
    trafficDistribution:
      trafficDistribution === undefined
        ? TrafficDistribution.NO_PREFERENCE
        : DISTRIBUTIONS[trafficDistribution],
    internalTrafficPolicy:
      backend.internalTrafficPolicy === "Local" ? InternalTrafficPolicy.LOCAL : InternalTrafficPolicy.CLUSTER,
    clientIpAffinitySeconds: sessionAffinity.kind === "ClientIP" ? sessionAffinity.timeoutSeconds : undefined,
    places: [...places.keys()],
    ipv4Prefix,
    ipv6Prefix,
    groups,
    endpointPort,
  }).finish();
}

/** Endpoints that differ in their addresses only, `like` being one of them without what does not matter. */
interface Group {
  readonly like: Endpoint;
  readonly addresses: string[];
}

/** In order of the first endpoint of each: endpoints are sorted, and so this depends on nothing but them. */
function groupEndpoints(endpoints: readonly Endpoint[], relevant: RelevantTopology): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const endpoint of endpoints) {
    const { family, port, isReady, isServing, isTerminating } = endpoint;
    const like: Endpoint = {
      address: "",
      port,
      family,
      isReady,
      isServing,
      isTerminating,
      ...(relevant.zone && endpoint.zone !== undefined && { zone: endpoint.zone }),
      ...(relevant.node && endpoint.node !== undefined && { node: endpoint.node }),
      hintZones: relevant.hints ? endpoint.hintZones : [],
      hintNodes: relevant.hints ? endpoint.hintNodes : [],
    };
    const key = JSON.stringify(like);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { like, addresses: [endpoint.address] });
    else group.addresses.push(endpoint.address);
  }
  return [...groups.values()];
}

function encodeGroup(
  { like, addresses }: Group,
  prefixLength: number,
  places: Map<string, number>,
): Omit<EndpointGroup, "port"> {
  const numberOf = (place: string): number => {
    const known = places.get(place) ?? places.size + 1;
    places.set(place, known);
    return known;
  };
  const suffixLength = (like.family === 4 ? 4 : 16) - prefixLength;
  const suffixes = new Uint8Array(addresses.length * suffixLength);
  for (const [index, address] of addresses.entries()) {
    suffixes.set(ipBytes(address).subarray(prefixLength), index * suffixLength);
  }
  return {
    addresses: suffixes,
    isIpv6: like.family === 6,
    isNotReady: !like.isReady,
    isNotServing: !like.isServing,
    isTerminating: like.isTerminating,
    zone: like.zone === undefined ? 0 : numberOf(like.zone),
    node: like.node === undefined ? 0 : numberOf(like.node),
    hintZones: like.hintZones.map(numberOf),
    hintNodes: like.hintNodes.map(numberOf),
  };
}

/** The bytes that all addresses of the family begin with: at least one byte remains, and none is common to one alone. */
function commonPrefix(endpoints: readonly Endpoint[], family: 4 | 6): Uint8Array {
  let prefix: Uint8Array | undefined;
  let count = 0;
  for (const endpoint of endpoints) {
    if (endpoint.family !== family) continue;
    const bytes = ipBytes(endpoint.address);
    count++;
    if (prefix === undefined) {
      prefix = bytes.subarray(0, -1);
      continue;
    }
    let length = 0;
    while (length < prefix.length && prefix[length] === bytes[length]) length++;
    prefix = prefix.subarray(0, length);
  }
  return count < 2 || prefix === undefined ? new Uint8Array() : prefix;
}
