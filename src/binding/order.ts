import type { ObjectMeta } from "../resources/object-meta.ts";
import { objectKey } from "../resources/object-meta.ts";

/** By code units, the same on every machine. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * Gateway API's order between objects that want the same: the oldest first, then by `namespace/name`
 * (https://gateway-api.sigs.k8s.io/guides/api-design/#conflicts). Total over objects of one kind.
 */
export function compareByAge(a: { readonly meta: ObjectMeta }, b: { readonly meta: ObjectMeta }): number {
  const age = a.meta.creationTimestampMs - b.meta.creationTimestampMs;
  return age === 0 ? compareText(objectKey(a.meta), objectKey(b.meta)) : age;
}
