/** The parts of `metadata` that the mesh reads. */
export interface ObjectMeta {
  /** Empty for cluster-scoped kinds. */
  readonly namespace: string;
  readonly name: string;
  /** Milliseconds since the epoch; 0 where the object has none, so that it counts as the oldest. */
  readonly creationTimestampMs: number;
  /** 0 where the object has none. */
  readonly generation: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** `namespace/name`. */
export function objectKey(meta: { readonly namespace: string; readonly name: string }): string {
  return `${meta.namespace}/${meta.name}`;
}
