/** A ConfigMap `eastbound-ca` as it is. */
export interface BundleMap {
  /** Its `ca.crt`; undefined: it has none. */
  readonly bundle: string | undefined;
  /** It carries our label: we made it or took it over, and may remove it. */
  readonly isOurs: boolean;
  readonly uid: string;
  readonly resourceVersion: string;
}

export type BundleAnswer =
  | { readonly kind: "map"; readonly map: BundleMap }
  | { readonly kind: "absent" }
  /** It is another than the one that was meant: what the watch brings decides. */
  | { readonly kind: "conflict" }
  | { readonly kind: "failed"; readonly message: string };

/** The ConfigMaps at the API server. Never rejects; a call ends soon after `signal` aborts. */
export interface BundlePort {
  create(namespace: string, bundle: string, signal: AbortSignal): Promise<BundleAnswer>;
  /** Sets bundle and label of the `map` that is there, and leaves everything else in it. */
  correct(namespace: string, map: BundleMap, bundle: string, signal: AbortSignal): Promise<BundleAnswer>;
  /** Answers `absent` when it is gone. */
  remove(namespace: string, map: BundleMap, signal: AbortSignal): Promise<BundleAnswer>;
}
