import type { ObjectMeta } from "./object-meta.ts";
import { defined, get, object, requiredListOf } from "./read/collection.ts";
import { type Field, parseWith } from "./read/field.ts";
import { namespacedMeta } from "./read/meta.ts";
import { apiGroup, dnsLabel, dnsSubdomain, objectKind, referencedName } from "./read/names.ts";
import { optional, text } from "./read/scalar.ts";
import type { Result } from "./result.ts";

/** A gateway.networking.k8s.io ReferenceGrant (v1 or v1beta1). */
export interface ReferenceGrant {
  readonly kind: "ReferenceGrant";
  readonly meta: ObjectMeta;
  readonly from: readonly ReferenceGrantFrom[];
  readonly to: readonly ReferenceGrantTo[];
}

export interface ReferenceGrantFrom {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
}

export interface ReferenceGrantTo {
  readonly group: string;
  readonly kind: string;
  /** Without a name: every object of the kind. */
  readonly name?: string;
}

/**
 * Reads a ReferenceGrant of either served version, which are alike.
 * Limits: https://github.com/kubernetes-sigs/gateway-api/blob/v1.7.0/apis/v1/referencegrant_types.go
 */
export function parseReferenceGrant(input: unknown): Result<ReferenceGrant> {
  return parseWith(input, (field: Field) => {
    const at = object(field);
    const meta = get(at, "metadata", (metadata) => namespacedMeta(metadata, dnsSubdomain));
    const spec = get(at, "spec", object);
    return {
      kind: "ReferenceGrant",
      meta,
      from: get(spec, "from", requiredListOf(readFrom, { minItems: 1, maxItems: 16 })),
      to: get(spec, "to", requiredListOf(readTo, { minItems: 1, maxItems: 16 })),
    };
  });
}

function readFrom(field: Field): ReferenceGrantFrom {
  const at = object(field);
  return {
    group: get(at, "group", text(apiGroup)),
    kind: get(at, "kind", text(objectKind)),
    namespace: get(at, "namespace", text(dnsLabel)),
  };
}

function readTo(field: Field): ReferenceGrantTo {
  const at = object(field);
  return {
    group: get(at, "group", text(apiGroup)),
    kind: get(at, "kind", text(objectKind)),
    ...defined({ name: get(at, "name", optional(text(referencedName))) }),
  };
}
