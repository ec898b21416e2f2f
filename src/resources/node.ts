import type { ObjectMeta } from "./object-meta.ts";
import { defined, get, object } from "./read/collection.ts";
import { type Field, parseWith } from "./read/field.ts";
import { clusterMeta } from "./read/meta.ts";
import { dnsSubdomain } from "./read/names.ts";
import type { Result } from "./result.ts";

export interface Node {
  readonly kind: "Node";
  readonly meta: ObjectMeta;
  /** Absent in clusters that know no zones. */
  readonly zone?: string;
}

/** https://kubernetes.io/docs/reference/labels-annotations-taints/#topologykubernetesiozone */
export const ZONE_LABEL = "topology.kubernetes.io/zone";

/** Reads a core/v1 Node; an empty zone is the same as none. */
export function parseNode(input: unknown): Result<Node> {
  return parseWith(input, (field: Field) => {
    const meta = get(object(field), "metadata", (metadata) => clusterMeta(metadata, dnsSubdomain));
    return { kind: "Node", meta, ...defined({ zone: meta.labels[ZONE_LABEL] || undefined }) };
  });
}
