import type { SidecarIdentity } from "./resource-catalogue.ts";

/** What a token is worth. `reason` is one of few words or sentences, for it is counted by; `expiresAtMs` since 1970. */
export type Authentication =
  | { readonly kind: "ok"; readonly identity: SidecarIdentity; readonly expiresAtMs: number }
  | { readonly kind: "refused"; readonly reason: string };

/** Rejects where it can't be found out now. */
export type Authenticate = (token: string) => Promise<Authentication>;

const BEARER = /^Bearer ([\x21-\x7e]+)$/i;

/** The token of an `authorization` field (RFC 6750 section 2.1); undefined where it has none. */
export function bearerToken(field: string | undefined): string | undefined {
  return BEARER.exec(field ?? "")?.[1];
}
