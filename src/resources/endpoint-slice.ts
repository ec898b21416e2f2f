import { parseIpAddress } from "./ip-address.ts";
import type { ObjectMeta } from "./object-meta.ts";
import { defined, get, listOf, object, objectOrEmpty, requiredListOf } from "./read/collection.ts";
import { type Field, member, parseWith, type Read, report } from "./read/field.ts";
import { namespacedMeta } from "./read/meta.ts";
import { dnsSubdomain } from "./read/names.ts";
import { portName, portNumber, portProtocol } from "./read/port.ts";
import { flag, oneOf, optional, show, text, withDefault } from "./read/scalar.ts";
import type { Result } from "./result.ts";

/** A discovery.k8s.io/v1 EndpointSlice, as far as the mesh reads it. */
export interface EndpointSlice {
  readonly kind: "EndpointSlice";
  readonly meta: ObjectMeta;
  /** From the label kubernetes.io/service-name; absent where the slice belongs to no Service. */
  readonly serviceName?: string;
  readonly addressType: "IPv4" | "IPv6" | "FQDN";
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly SliceEndpoint[];
}

/** A port without a number means "all ports" and carries no traffic of the mesh; the parser drops it. */
export interface EndpointPort {
  /** Empty where the Service port has no name. */
  readonly name: string;
  readonly port: number;
  readonly protocol: "TCP" | "UDP" | "SCTP";
}

export interface SliceEndpoint {
  /** In canonical form, of the slice's address type. The API allows several, which mean the same endpoint. */
  readonly addresses: readonly string[];
  /** Absent in the object means true. */
  readonly isReady: boolean;
  /** Absent in the object means the value of ready. */
  readonly isServing: boolean;
  readonly isTerminating: boolean;
  readonly zone?: string;
  readonly node?: string;
  readonly hintZones: readonly string[];
  readonly hintNodes: readonly string[];
}

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

/** Reads a discovery.k8s.io/v1 EndpointSlice. Topology beyond zone and node is not looked at. */
export function parseEndpointSlice(input: unknown): Result<EndpointSlice> {
  return parseWith(input, (field: Field) => {
    const at = object(field);
    const meta = get(at, "metadata", (metadata) => namespacedMeta(metadata, dnsSubdomain));
    const addressType = get(at, "addressType", oneOf(["IPv4", "IPv6", "FQDN"]));
    return {
      kind: "EndpointSlice",
      meta,
      ...defined({ serviceName: meta.labels[SERVICE_NAME_LABEL] }),
      addressType,
      ports: get(at, "ports", listOf(readPort)).filter((port) => port !== undefined),
      endpoints: get(at, "endpoints", listOf(readEndpoint(addressType))),
    };
  });
}

function readPort(field: Field): EndpointPort | undefined {
  const at = object(field);
  const name = get(at, "name", portName);
  const port = get(at, "port", optional(portNumber));
  const protocol = get(at, "protocol", portProtocol);
  return port === undefined ? undefined : { name, port, protocol };
}

function readEndpoint(addressType: EndpointSlice["addressType"]): Read<SliceEndpoint> {
  return (field) => {
    const at = object(field);
    const conditions = get(at, "conditions", objectOrEmpty);
    const isReady = get(conditions, "ready", withDefault(flag, true));
    const hints = get(at, "hints", objectOrEmpty);
    return {
      addresses: get(at, "addresses", requiredListOf(readAddress(addressType), { minItems: 1 })),
      isReady,
      isServing: get(conditions, "serving", withDefault(flag, isReady)),
      isTerminating: get(conditions, "terminating", withDefault(flag, false)),
      ...defined({
        zone: get(at, "zone", optional(readPlace)),
        node: get(at, "nodeName", optional(readPlace)),
      }),
      hintZones: get(hints, "forZones", listOf(readHint)).filter(isPlace),
      hintNodes: get(hints, "forNodes", listOf(readHint)).filter(isPlace),
    };
  };
}

/** Nodes have names of up to 253 characters, zones of 63. The API does not check what a slice says. */
const MAX_PLACE_LENGTH = 253;

function isPlace(text: string): boolean {
  return text !== "" && text.length <= MAX_PLACE_LENGTH;
}

function readPlace(field: Field): string | undefined {
  const place = text()(field);
  return isPlace(place) ? place : undefined;
}

function readHint(field: Field): string {
  return text({ minLength: 1 })(member(object(field), "name"));
}

function readAddress(addressType: EndpointSlice["addressType"]): Read<string> {
  if (addressType === "FQDN") return text(dnsSubdomain);
  const family = addressType === "IPv4" ? 4 : 6;
  return (field) => {
    const { value } = field;
    if (typeof value !== "string") return text()(field);
    const parsed = parseIpAddress(value);
    if (parsed?.family !== family) report(field, `must be an ${addressType} address, not ${show(value)}`);
    return parsed?.address ?? value;
  };
}
