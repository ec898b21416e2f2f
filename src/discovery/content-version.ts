import { hash } from "node:crypto";

const BYTES = 8;

/**
 * The version of a resource: a hash of its bytes, and so the same on every replica. Versions are compared between
 * contents of one name only, for which 64 bits are plenty; eleven characters, since each push carries them.
 */
export function contentVersion(bytes: Uint8Array): string {
  return hash("sha256", bytes, "buffer").subarray(0, BYTES).toString("base64url");
}
