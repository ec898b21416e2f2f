import { createHash } from "node:crypto";
import type { AgentOptions, RequestOptions } from "node:https";

/** What of a request belongs to its connection. */
export interface TlsIdentity {
  readonly tls: AgentOptions;
  /** Two requests of the same digest can share a connection. */
  readonly digest: string;
}

export function tlsIdentity(options: RequestOptions): TlsIdentity {
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
  const tls: AgentOptions = {};
  if (ca !== undefined) tls.ca = ca;
  if (cert !== undefined) tls.cert = cert;
  if (key !== undefined) tls.key = key;
  if (pfx !== undefined) tls.pfx = pfx;
  if (passphrase !== undefined) tls.passphrase = passphrase;
  if (rejectUnauthorized !== undefined) tls.rejectUnauthorized = rejectUnauthorized;
  if (servername !== undefined) tls.servername = servername;
  return { tls, digest: createHash("sha256").update(JSON.stringify(tls)).digest("base64") };
}
