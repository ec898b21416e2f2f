import { ZONE_LABEL } from "../resources/node.ts";
import { type MeshObject, type ParsedObject, parseObject } from "../resources/parse-object.ts";
import { isRecord } from "../resources/read/field.ts";
import type { ApiResource } from "./api-resource.ts";
import { SliceCompactor } from "./compact-slice.ts";

/** A resource whose objects the mesh reads. */
export interface MeshResource {
  readonly group: string;
  readonly kind: MeshObject["kind"];
  readonly plural: string;
  /** The best first. */
  readonly versions: readonly [string, ...string[]];
  /** Served by a CRD, which may be absent. */
  readonly isCustom: boolean;
}

export const MESH_RESOURCES: readonly MeshResource[] = [
  { group: "", kind: "Node", plural: "nodes", versions: ["v1"], isCustom: false },
  { group: "", kind: "Service", plural: "services", versions: ["v1"], isCustom: false },
  {
    group: "discovery.k8s.io",
    kind: "EndpointSlice",
    plural: "endpointslices",
    versions: ["v1"],
    isCustom: false,
  },
  {
    group: "gateway.networking.k8s.io",
    kind: "HTTPRoute",
    plural: "httproutes",
    versions: ["v1", "v1beta1"],
    isCustom: true,
  },
  {
    group: "gateway.networking.k8s.io",
    kind: "ReferenceGrant",
    plural: "referencegrants",
    versions: ["v1", "v1beta1"],
    isCustom: true,
  },
];

/** The resource in the version that a built-in kind has. */
export function apiResource({ group, plural, versions }: MeshResource): ApiResource {
  return { group, version: versions[0], plural };
}

/**
 * Makes what reads received objects of one kind, good ones and invalid ones with their problems. Objects of a list carry
 * neither apiVersion nor kind. Left out are labels and annotations that the mesh does not read, and the generation of
 * kinds without a status of ours, so that two readings are deeply equal where nothing else has changed. Undefined for
 * what has no metadata at all.
 */
export function meshReader({
  group,
  kind,
  versions,
}: MeshResource): (raw: unknown) => ParsedObject | undefined {
  const apiVersion = group === "" ? versions[0] : `${group}/${versions[0]}`;
  const hasStatus = kind === "HTTPRoute";
  const slices = new SliceCompactor();
  return (raw) => {
    if (!isRecord(raw) || !isRecord(raw["metadata"])) return undefined;
    const { generation, ...metadata } = trimmed(raw["metadata"]);
    const parsed = parseObject({
      ...raw,
      apiVersion,
      kind,
      metadata: hasStatus ? { ...metadata, generation } : metadata,
    });
    return parsed.kind === "object" && parsed.object.kind === "EndpointSlice"
      ? { kind: "object", object: slices.compact(parsed.object) }
      : parsed;
  };
}

/** All annotations and labels that the mesh reads. */
const READ_KEYS: ReadonlySet<string> = new Set(["kubernetes.io/service-name", ZONE_LABEL]);
const OWN_KEY = /^(?:[^/]*\.)?eastbound\.dev\//;

function trimmed(metadata: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { name, namespace, creationTimestamp, generation, labels, annotations } = metadata;
  return {
    name,
    namespace,
    creationTimestamp,
    generation,
    labels: readOnes(labels),
    annotations: readOnes(annotations),
  };
}

/** Something that is no record is left to the parser to refuse. */
function readOnes(values: unknown): unknown {
  if (!isRecord(values)) return values;
  return Object.fromEntries(
    Object.entries(values).filter(([key]) => READ_KEYS.has(key) || OWN_KEY.test(key)),
  );
}
