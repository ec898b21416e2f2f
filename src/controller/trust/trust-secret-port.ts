import type { TrustData } from "./trust-content.ts";

/** Since when CAs, by fingerprint, have been in all namespaces: milliseconds since 1970. */
export type Distributed = ReadonlyMap<string, number>;

export interface StoredTrust {
  readonly data: TrustData;
  readonly distributed: Distributed;
  /** The version that a `replace` must name. */
  readonly resourceVersion: string;
}

export type TrustAnswer =
  | { readonly kind: "secret"; readonly secret: StoredTrust }
  | { readonly kind: "absent" }
  /** Somebody else wrote it since, or created it before. */
  | { readonly kind: "conflict" }
  | { readonly kind: "failed"; readonly message: string };

/** The Secret at the API server. Never rejects; a call ends soon after `signal` aborts. */
export interface TrustSecretPort {
  read(signal: AbortSignal): Promise<TrustAnswer>;
  /** Answers `conflict` if it exists. */
  create(data: TrustData, signal: AbortSignal): Promise<TrustAnswer>;
  /** Answers `conflict` unless it is still at `secret.resourceVersion`. Leaves what is none of ours as it is. */
  replace(secret: StoredTrust, signal: AbortSignal): Promise<TrustAnswer>;
}

/** Reads the annotation of the Secret; leaves out what makes no sense. */
export function readDistributed(text: string): Distributed {
  const pairs = text.split(",").map((pair) => pair.trim().split("="));
  return new Map(
    pairs.flatMap(([fingerprint = "", time = ""]) => {
      const ms = Date.parse(time);
      return /^[0-9a-f]{64}$/.test(fingerprint) && !Number.isNaN(ms) ? [[fingerprint, ms]] : [];
    }),
  );
}

export function writeDistributed(distributed: Distributed): string {
  return [...distributed].map(([print, ms]) => `${print}=${new Date(ms).toISOString()}`).join(",");
}
