import type { PatchOperation } from "./json-patch.ts";
import type { ObservedMesh } from "./observed-mesh.ts";

/** XMesh objects at the API server. Outcomes are values; what is thrown counts as failed. */
export interface MeshPort {
  list(signal: AbortSignal): Promise<MeshList>;
  /** Makes one with nothing but a name and our controller's name. */
  create(name: string, signal: AbortSignal): Promise<MeshAnswer>;
  /** Applies the operations to `/status`, all or none. */
  patch(name: string, operations: readonly PatchOperation[], signal: AbortSignal): Promise<MeshAnswer>;
}

export type MeshList =
  | { readonly kind: "meshes"; readonly meshes: readonly ObservedMesh[] }
  /** The CRD is not installed: it belongs to the experimental channel of Gateway API. */
  | { readonly kind: "not-served" }
  | MeshFailure;

export type MeshAnswer =
  | { readonly kind: "done" }
  /** It is not as it was thought to be: there already, gone, or another version. */
  | { readonly kind: "changed" }
  | MeshFailure;

export interface MeshFailure {
  readonly kind: "failed";
  readonly message: string;
}
