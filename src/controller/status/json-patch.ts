/** One step of a patch (RFC 6902). */
export type PatchOperation =
  | { readonly op: "add" | "replace" | "test"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string };

/**
 * The first step of each patch of ours: what follows is applied to exactly this version of the object, or not at all.
 * The API server answers 422 where the test fails, and applies the steps under its own optimistic lock.
 */
export function onlyTo(resourceVersion: string): PatchOperation {
  return { op: "test", path: "/metadata/resourceVersion", value: resourceVersion };
}
