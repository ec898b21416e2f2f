import type { MeshObject } from "../resources/parse-object.ts";

/** What the folder says at one time. Replaced as a whole; an object that did not change stays the same reference. */
export interface ManifestSnapshot {
  /** Sorted by kind, namespace and name; one of each. */
  readonly objects: readonly MeshObject[];
  /** By file, in the order of their names. */
  readonly errors: readonly SourceError[];
}

/** Something in the folder that is not in force as written. */
export interface SourceError {
  /** Its name below the folder, `shop/routes.yaml`; `.` for the folder itself. */
  readonly file: string;
  /** `HTTPRoute store/shop`, where the trouble is with one object whose identity can be told. */
  readonly object?: string;
  /** The place inside the object or document, `spec.rules[0].name`. */
  readonly path?: string;
  readonly message: string;
}
