import { parseIpAddress } from "./ip-address.ts";
import type { ObjectMeta } from "./object-meta.ts";
import { defined, get, listOf, object, objectOrEmpty, reportDuplicates } from "./read/collection.ts";
import { type Field, member, parseWith, report } from "./read/field.ts";
import { namespacedMeta } from "./read/meta.ts";
import { dnsLabel } from "./read/names.ts";
import { portName, portNumber, portProtocol } from "./read/port.ts";
import { flag, integer, oneOf, optional, show, text, withDefault } from "./read/scalar.ts";
import type { Result } from "./result.ts";

/** A core/v1 Service, as far as the mesh reads it. */
export interface Service {
  readonly kind: "Service";
  readonly meta: ObjectMeta;
  readonly type: "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName";
  /** Valid IP addresses in canonical form, no duplicates; empty for headless and ExternalName Services. */
  readonly clusterIPs: readonly string[];
  /** `clusterIP: None`. */
  readonly isHeadless: boolean;
  readonly ports: readonly ServicePort[];
  readonly trafficDistribution?: TrafficDistribution;
  readonly internalTrafficPolicy: "Cluster" | "Local";
  readonly sessionAffinity: SessionAffinity;
  readonly publishNotReadyAddresses: boolean;
}

export interface ServicePort {
  /** Empty for the only port of a Service that does not name it. */
  readonly name: string;
  readonly port: number;
  readonly protocol: "TCP" | "UDP" | "SCTP";
  readonly appProtocol?: string;
}

/** PreferClose is the older name of PreferSameZone and parsed as such. */
export type TrafficDistribution = "PreferSameZone" | "PreferSameNode";

export type SessionAffinity =
  | { readonly kind: "None" }
  | { readonly kind: "ClientIP"; readonly timeoutSeconds: number };

/**
 * Reads a core/v1 Service. Node ports, target ports, selectors and load balancer fields play no part in a mesh and
 * are not looked at. An unknown trafficDistribution counts as none, since it is only a preference.
 */
export function parseService(input: unknown): Result<Service> {
  return parseWith(input, (field: Field) => {
    const at = object(field);
    const meta = get(at, "metadata", (metadata) => namespacedMeta(metadata, dnsLabel));
    const spec = get(at, "spec", object);
    const type = get(spec, "type", withDefault(oneOf(SERVICE_TYPES), "ClusterIP"));
    const addresses = type === "ExternalName" ? NO_ADDRESSES : readClusterIPs(spec);
    return {
      kind: "Service",
      meta,
      type,
      ...addresses,
      ports: get(spec, "ports", readPorts),
      ...defined({ trafficDistribution: get(spec, "trafficDistribution", readTrafficDistribution) }),
      internalTrafficPolicy: get(
        spec,
        "internalTrafficPolicy",
        withDefault(oneOf(["Cluster", "Local"]), "Cluster"),
      ),
      sessionAffinity: readSessionAffinity(spec),
      publishNotReadyAddresses: get(spec, "publishNotReadyAddresses", withDefault(flag, false)),
    };
  });
}

const SERVICE_TYPES = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] as const;

type Addresses = Pick<Service, "clusterIPs" | "isHeadless">;

const NO_ADDRESSES: Addresses = { clusterIPs: [], isHeadless: false };

/** How the API writes a Service without a cluster IP of its own. */
const NONE = "None";

/** `clusterIP` is the first of `clusterIPs`; objects written by hand often have only one of the two. */
function readClusterIPs(spec: Field): Addresses {
  const list = get(spec, "clusterIPs", listOf(readClusterIP));
  const single = get(spec, "clusterIP", optional(readClusterIP));
  if (single !== undefined && list.length > 0 && list[0] !== single) {
    report(member(spec, "clusterIP"), "must be the same as the first of clusterIPs");
  }
  const all = list.length > 0 ? list : [single ?? ""];
  if (all.includes(NONE)) {
    if (all.length > 1) report(member(spec, "clusterIPs"), "must have no other item beside None");
    return { clusterIPs: [], isHeadless: true };
  }
  return { clusterIPs: [...new Set(all)].filter((address) => address !== ""), isHeadless: false };
}

/** An address in canonical form, `None`, or empty where none is allocated yet. */
function readClusterIP(field: Field): string {
  const value = text()(field);
  if (value === NONE || value === "") return value;
  const parsed = parseIpAddress(value);
  if (parsed === undefined) report(field, `must be an IP address, not ${show(value)}`);
  return parsed?.address ?? value;
}

function readPorts(field: Field): readonly ServicePort[] {
  const ports = listOf(readPort)(field);
  if (ports.length > 1) {
    reportDuplicates(field, ports, "name", (port) => port.name);
  }
  reportDuplicates(field, ports, "port and protocol", (port) => `${port.port}/${port.protocol}`);
  return ports;
}

function readPort(field: Field): ServicePort {
  const at = object(field);
  return {
    name: get(at, "name", portName),
    port: get(at, "port", portNumber),
    protocol: get(at, "protocol", portProtocol),
    ...defined({ appProtocol: get(at, "appProtocol", optional(text({ minLength: 1, maxLength: 253 }))) }),
  };
}

function readTrafficDistribution(field: Field): TrafficDistribution | undefined {
  switch (withDefault(text(), "")(field)) {
    case "PreferClose":
    case "PreferSameZone":
      return "PreferSameZone";
    case "PreferSameNode":
      return "PreferSameNode";
    default:
      return undefined;
  }
}

/** https://kubernetes.io/docs/reference/networking/virtual-ips/#session-affinity: three hours, at most a day. */
const AFFINITY_SECONDS = { default: 10_800, max: 86_400 };

function readSessionAffinity(spec: Field): SessionAffinity {
  const kind = get(spec, "sessionAffinity", withDefault(oneOf(["None", "ClientIP"]), "None"));
  if (kind === "None") return { kind };
  const config = get(spec, "sessionAffinityConfig", objectOrEmpty);
  const clientIP = get(config, "clientIP", objectOrEmpty);
  const seconds = withDefault(integer(1, AFFINITY_SECONDS.max), AFFINITY_SECONDS.default);
  return { kind, timeoutSeconds: get(clientIP, "timeoutSeconds", seconds) };
}
