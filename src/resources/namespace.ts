import type { ObjectMeta } from "./object-meta.ts";
import { get, object } from "./read/collection.ts";
import { type Field, parseWith } from "./read/field.ts";
import { clusterMeta } from "./read/meta.ts";
import { dnsLabel } from "./read/names.ts";
import type { Result } from "./result.ts";

export interface Namespace {
  readonly kind: "Namespace";
  readonly meta: ObjectMeta;
}

/** Reads a core/v1 Namespace. */
export function parseNamespace(input: unknown): Result<Namespace> {
  return parseWith(input, (field: Field) => ({
    kind: "Namespace",
    meta: get(object(field), "metadata", (meta) => clusterMeta(meta, dnsLabel)),
  }));
}
