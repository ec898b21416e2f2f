import type { ObjectMeta } from "./object-meta.ts";

/** A gateway.networking.k8s.io ReferenceGrant (v1 or v1beta1). */
export interface ReferenceGrant {
  readonly kind: "ReferenceGrant";
  readonly meta: ObjectMeta;
  readonly from: readonly { readonly group: string; readonly kind: string; readonly namespace: string }[];
  /** Without a name: every object of the kind. */
  readonly to: readonly { readonly group: string; readonly kind: string; readonly name?: string }[];
}
