import type { Backend, BackendProtocol, Endpoint } from "../../binding/backend.ts";
import { defined, get, listOf, object } from "../../resources/read/collection.ts";
import { type Field, type Read, report } from "../../resources/read/field.ts";
import { portNumber } from "../../resources/read/port.ts";
import { integer, optional, text } from "../../resources/read/scalar.ts";
import type { Result } from "../../resources/result.ts";
import type { TrafficDistribution } from "../../resources/service.ts";
import { Backend as BackendMessage } from "../generated/eastbound/discovery/v1/backend.ts";
import { parseBackendName } from "./backend-name.ts";
import { decodeWith, enumOf, refuseUnknown } from "./decode-message.ts";
import { ipText } from "./ip-bytes.ts";

/** More than the API server would hold for one Service; what is decoded is many times larger than its bytes. */
const MAX_ENDPOINTS = 100_000;

/**
 * Reads the bytes that `encodeBackend` wrote. Protocols and preferences that a newer controller knows become the
 * nearest thing that promises nothing (`other`, no preference); everything else unknown makes it invalid.
 */
export function decodeBackend(name: string, bytes: Uint8Array): Result<Backend> {
  const identity = parseBackendName(name);
  if (identity === undefined) return NOT_A_NAME;
  return decodeWith(bytes, BackendMessage, (field) => ({ name, ...identity, ...readBackend(field) }));
}

const NOT_A_NAME: Result<never> = {
  kind: "invalid",
  problems: [{ path: "name", message: "must be namespace/service:port" }],
};

type Identity = Pick<Backend, "namespace" | "service" | "port">;

const PROTOCOLS: Readonly<Record<number, BackendProtocol>> = {
  0: "undeclared",
  1: "http",
  2: "websocket",
  3: "http2",
  4: "tls",
  5: "other",
};

const DISTRIBUTIONS: Readonly<Record<number, TrafficDistribution | "none">> = {
  0: "none",
  1: "PreferSameZone",
  2: "PreferSameNode",
};

const POLICIES: Readonly<Record<number, Backend["internalTrafficPolicy"]>> = { 0: "Cluster", 1: "Local" };

function readBackend(field: Field): Omit<Backend, "name" | keyof Identity> {
  const at = object(field);
  refuseUnknown(at);
  const distribution = get(at, "trafficDistribution", enumOf(DISTRIBUTIONS, "none"));
  const timeoutSeconds = get(at, "clientIpAffinitySeconds", optional(integer(1, 86_400)));
  return {
    clusterIPs: get(at, "clusterIps", listOf(readAddress)),
    protocol: get(at, "protocol", enumOf(PROTOCOLS, "other")),
    endpoints: readEndpoints(at),
    ...(distribution !== "none" && { trafficDistribution: distribution }),
    internalTrafficPolicy: get(at, "internalTrafficPolicy", enumOf(POLICIES)),
    sessionAffinity: timeoutSeconds === undefined ? { kind: "None" } : { kind: "ClientIP", timeoutSeconds },
  };
}

function readAddress(field: Field): string {
  const address = ipText(field.value as Uint8Array);
  if (address === undefined) report(field, "must be an IP address");
  return address ?? "";
}

function readEndpoints(at: Field): readonly Endpoint[] {
  const places = get(at, "places", listOf(text({ minLength: 1, maxLength: 253 })));
  const prefixes = {
    4: get(at, "ipv4Prefix", (field) => field.value as Uint8Array),
    6: get(at, "ipv6Prefix", (field) => field.value as Uint8Array),
  };
  const commonPort = get(at, "endpointPort", orNone(portNumber));
  const endpoints: Endpoint[] = [];
  get(
    at,
    "groups",
    listOf((field) => readGroup(field, { places, prefixes, commonPort }, endpoints)),
  );
  endpoints.sort(compareEndpoints);
  for (let i = 1; i < endpoints.length; i++) {
    const endpoint = endpoints[i];
    const before = endpoints[i - 1];
    if (endpoint?.address === before?.address && endpoint?.port === before?.port) {
      report(at, `has the endpoint ${endpoint?.address} port ${endpoint?.port} twice`);
      break;
    }
  }
  return endpoints;
}

/** As binding sorts them. */
function compareEndpoints(a: Endpoint, b: Endpoint): number {
  if (a.address === b.address) return a.port - b.port;
  return a.address < b.address ? -1 : 1;
}

/** What the groups have in common. */
interface Common {
  readonly places: readonly string[];
  readonly prefixes: Readonly<Record<4 | 6, Uint8Array>>;
  readonly commonPort: number | undefined;
}

/** Adds the group's endpoints to `into`. */
function readGroup(field: Field, { places, prefixes, commonPort }: Common, into: Endpoint[]): void {
  const at = object(field);
  refuseUnknown(at);
  const place = (index: Field): string => {
    const found = places[integer(1, places.length)(index) - 1];
    return found ?? "";
  };
  const isSet = (name: string): boolean => get(at, name, (flag) => flag.value === true);
  const family = isSet("isIpv6") ? 6 : 4;
  const likeAll = {
    port: get(at, "port", (port) => (port.value === 0 ? commonPort : undefined) ?? portNumber(port)),
    family,
    isReady: !isSet("isNotReady"),
    isServing: !isSet("isNotServing"),
    isTerminating: isSet("isTerminating"),
    ...defined({ zone: get(at, "zone", orNone(place)), node: get(at, "node", orNone(place)) }),
    hintZones: get(at, "hintZones", listOf(place)),
    hintNodes: get(at, "hintNodes", listOf(place)),
  } as const;
  const prefix = prefixes[family];
  get(at, "addresses", (addresses) => {
    for (const address of splitAddresses(
      addresses,
      prefix,
      family === 4 ? 4 : 16,
      MAX_ENDPOINTS - into.length,
    )) {
      into.push({ address, ...likeAll });
    }
  });
}

/** Reads a number, or what it stands for, 0 being none. */
function orNone<T>(read: Read<T>): Read<T | undefined> {
  return (field) => (field.value === 0 ? undefined : read(field));
}

function splitAddresses(field: Field, prefix: Uint8Array, size: number, room: number): readonly string[] {
  const suffixes = field.value as Uint8Array;
  const suffixLength = size - prefix.length;
  if (suffixLength < 1 || suffixes.length === 0 || suffixes.length % suffixLength !== 0) {
    report(field, `must be addresses of ${size} bytes with the prefix`);
    return [];
  }
  if (suffixes.length / suffixLength > room) {
    report(field, `has too many endpoints: at most ${MAX_ENDPOINTS} are allowed`);
    return [];
  }
  const bytes = new Uint8Array(size);
  bytes.set(prefix);
  const addresses: string[] = [];
  for (let offset = 0; offset < suffixes.length; offset += suffixLength) {
    bytes.set(suffixes.subarray(offset, offset + suffixLength), prefix.length);
    const address = ipText(bytes);
    if (address === undefined) {
      report(field, "must not have an IPv4 address mapped into IPv6");
      return [];
    }
    addresses.push(address);
  }
  return addresses;
}
