import type { ObjectMeta } from "../object-meta.ts";
import { get, object, textRecord } from "./collection.ts";
import { type Field, isAbsent, report } from "./field.ts";
import { dnsLabel } from "./names.ts";
import { integer, mistyped, type TextRule, text, withDefault } from "./scalar.ts";

/** The namespace of an object that names none. */
export const DEFAULT_NAMESPACE = "default";

/** The metadata of an object that lives in a namespace. */
export function namespacedMeta(field: Field, name: TextRule): ObjectMeta {
  const at = object(field);
  return {
    ...clusterMeta(at, name),
    namespace: get(at, "namespace", withDefault(text(dnsLabel), DEFAULT_NAMESPACE)),
  };
}

/** The metadata of an object that lives in none; a namespace that it names all the same is passed over. */
export function clusterMeta(field: Field, name: TextRule): ObjectMeta {
  const at = object(field);
  return {
    namespace: "",
    name: get(at, "name", text(name)),
    creationTimestampMs: get(at, "creationTimestamp", timestamp),
    generation: get(at, "generation", withDefault(integer(0, Number.MAX_SAFE_INTEGER), 0)),
    labels: get(at, "labels", textRecord),
    annotations: get(at, "annotations", textRecord),
  };
}

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

function timestamp(field: Field): number {
  if (isAbsent(field)) return 0;
  if (typeof field.value !== "string") return mistyped(field, "a time such as 2026-01-31T12:00:00Z", 0);
  const milliseconds = RFC3339.test(field.value) ? Date.parse(field.value) : Number.NaN;
  if (Number.isNaN(milliseconds)) report(field, "must be a time such as 2026-01-31T12:00:00Z");
  return milliseconds;
}
