import { type EndpointSlice, parseEndpointSlice } from "./endpoint-slice.ts";
import { parseHttpRoute } from "./http-route/parse-http-route.ts";
import type { HttpRoute } from "./http-route.ts";
import { type Namespace, parseNamespace } from "./namespace.ts";
import { type Node, parseNode } from "./node.ts";
import { get, object } from "./read/collection.ts";
import { type Field, parseWith } from "./read/field.ts";
import { DEFAULT_NAMESPACE } from "./read/meta.ts";
import { dnsLabel, dnsSubdomain } from "./read/names.ts";
import { show, text, withDefault } from "./read/scalar.ts";
import { parseReferenceGrant, type ReferenceGrant } from "./reference-grant.ts";
import type { Problem, Result } from "./result.ts";
import { parseService, type Service } from "./service.ts";

/** Every kind of object that the mesh reads. */
export type MeshObject = Service | EndpointSlice | Namespace | Node | HttpRoute | ReferenceGrant;

/** Which object it is: two with the same identity are the same object. */
export interface ObjectIdentity {
  readonly kind: MeshObject["kind"];
  /** Empty for cluster-scoped kinds. */
  readonly namespace: string;
  readonly name: string;
}

export type ParsedObject =
  | { readonly kind: "object"; readonly object: MeshObject }
  /** A kind that the mesh does not read. */
  | { readonly kind: "ignored"; readonly apiVersion: string; readonly objectKind: string }
  /** With its identity, where at least that can be told. */
  | { readonly kind: "invalid"; readonly identity?: ObjectIdentity; readonly problems: readonly Problem[] };

interface KnownKind {
  readonly group: string;
  /** Versions whose fields are alike. */
  readonly versions: readonly string[];
  readonly kind: MeshObject["kind"];
  readonly isNamespaced: boolean;
  readonly parse: (input: unknown) => Result<MeshObject>;
}

const GATEWAY_GROUP = "gateway.networking.k8s.io";

const KNOWN_KINDS: readonly KnownKind[] = [
  { group: "", versions: ["v1"], kind: "Service", isNamespaced: true, parse: parseService },
  { group: "", versions: ["v1"], kind: "Namespace", isNamespaced: false, parse: parseNamespace },
  { group: "", versions: ["v1"], kind: "Node", isNamespaced: false, parse: parseNode },
  {
    group: "discovery.k8s.io",
    versions: ["v1"],
    kind: "EndpointSlice",
    isNamespaced: true,
    parse: parseEndpointSlice,
  },
  {
    group: GATEWAY_GROUP,
    versions: ["v1", "v1beta1"],
    kind: "HTTPRoute",
    isNamespaced: true,
    parse: parseHttpRoute,
  },
  {
    group: GATEWAY_GROUP,
    versions: ["v1", "v1beta1"],
    kind: "ReferenceGrant",
    isNamespaced: true,
    parse: parseReferenceGrant,
  },
];

/**
 * Reads one object of any kind, by its apiVersion and kind. A kind of another group is ignored even if its name is
 * known (Knative has a Service, too); a known kind in a version that is not known is invalid.
 */
export function parseObject(input: unknown): ParsedObject {
  const type = parseWith(input, readType);
  if (type.kind === "invalid") return type;
  const { apiVersion, objectKind, group, version } = type.value;
  const known = KNOWN_KINDS.find((candidate) => candidate.kind === objectKind && candidate.group === group);
  if (known === undefined) return { kind: "ignored", apiVersion, objectKind };
  if (!known.versions.includes(version)) {
    const message = `must be ${servedVersions(known)} for this kind, not ${show(apiVersion)}`;
    return invalid(input, known, [{ path: "apiVersion", message }]);
  }
  const parsed = known.parse(input);
  return parsed.kind === "ok"
    ? { kind: "object", object: parsed.value }
    : invalid(input, known, parsed.problems);
}

function readType(field: Field): { apiVersion: string; objectKind: string; group: string; version: string } {
  const at = object(field);
  const apiVersion = get(at, "apiVersion", text({ minLength: 1 }));
  const slash = apiVersion.indexOf("/");
  return {
    apiVersion,
    objectKind: get(at, "kind", text({ minLength: 1 })),
    group: apiVersion.slice(0, Math.max(slash, 0)),
    version: apiVersion.slice(slash + 1),
  };
}

function servedVersions(known: KnownKind): string {
  return known.versions
    .map((version) => (known.group === "" ? version : `${known.group}/${version}`))
    .join(" or ");
}

function invalid(input: unknown, known: KnownKind, problems: readonly Problem[]): ParsedObject {
  const identity = parseWith(input, (field) => readIdentity(field, known));
  return { kind: "invalid", problems, ...(identity.kind === "ok" ? { identity: identity.value } : {}) };
}

function readIdentity(field: Field, known: KnownKind): ObjectIdentity {
  const meta = get(object(field), "metadata", object);
  return {
    kind: known.kind,
    namespace: known.isNamespaced
      ? get(meta, "namespace", withDefault(text(dnsLabel), DEFAULT_NAMESPACE))
      : "",
    name: get(meta, "name", text(dnsSubdomain)),
  };
}
