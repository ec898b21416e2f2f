/** What the election reads and writes of a coordination.k8s.io/v1 Lease. */
export interface LeaseRecord {
  /** Who leads; "": nobody, it was released. */
  readonly holder: string;
  /** For how long others leave the holder alone after each renewal that they see. */
  readonly durationSeconds: number;
  /** Both RFC 3339, by the holder's clock: for people, and to tell renewals apart. Nobody compares them with a clock. */
  readonly acquireTime: string;
  readonly renewTime: string;
  /** How often the holder has changed. */
  readonly transitions: number;
}

export interface StoredLease {
  readonly record: LeaseRecord;
  /** The version that a `replace` must name. */
  readonly resourceVersion: string;
}

export type LeaseAnswer =
  | { readonly kind: "lease"; readonly lease: StoredLease }
  | { readonly kind: "absent" }
  /** Somebody else wrote it since, or created it before. */
  | { readonly kind: "conflict" }
  /** Not known: it may have been carried out. */
  | { readonly kind: "failed"; readonly message: string };

/** The one Lease at the API server. Never rejects; ends soon after `signal` aborts. */
export interface LeasePort {
  read(signal: AbortSignal): Promise<LeaseAnswer>;
  /** Answers `conflict` if it exists. */
  create(record: LeaseRecord, signal: AbortSignal): Promise<LeaseAnswer>;
  /** Answers `conflict` unless the Lease is still at `resourceVersion`, `absent` if it was deleted. */
  replace(record: LeaseRecord, resourceVersion: string, signal: AbortSignal): Promise<LeaseAnswer>;
}
