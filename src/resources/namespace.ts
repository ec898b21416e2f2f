import type { ObjectMeta } from "./object-meta.ts";

export interface Namespace {
  readonly kind: "Namespace";
  readonly meta: ObjectMeta;
}
