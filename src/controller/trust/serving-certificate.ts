import type { CertificateSource, ServedCertificate } from "../../discovery/server/tls-listener.ts";
import type { ControllerLog } from "../controller-log.ts";
import { readTrust, type Serving } from "./trust-content.ts";
import type { StoredTrust } from "./trust-secret-port.ts";

/**
 * What this replica's TLS server serves with: the Secret's latest certificate that is sound. Every replica has one and
 * tells it what its watch of the Secret brings.
 */
export class ServingCertificate implements CertificateSource {
  readonly #log: ControllerLog;
  readonly #listeners = new Set<() => void>();
  #serving: Serving | undefined;
  #authorityEndsMs: number | undefined;

  constructor(log: ControllerLog) {
    this.#log = log;
  }

  /** Takes what the Secret is now; undefined: it was deleted. What was served before goes on until there is better. */
  observe(secret: StoredTrust | undefined): void {
    if (secret === undefined) return;
    const { authorities, serving, problems } = readTrust(secret.data);
    // Those who believe the bundle would refuse one that nothing in the bundle has signed.
    if (serving === undefined || (serving.issuer === undefined && this.#serving !== undefined)) {
      this.#log.limited("warn", "can't use the certificate in the Secret", "", {
        problems: problems.join("; "),
      });
      return;
    }
    const issuer = authorities.find(({ fingerprint }) => fingerprint === serving.issuer);
    this.#authorityEndsMs = issuer?.notAfterMs;
    if (serving.chain === this.#serving?.chain && serving.key === this.#serving.key) return;
    this.#serving = serving;
    this.#log.info("serving with a new certificate", { expires: new Date(serving.notAfterMs).toISOString() });
    for (const listener of this.#listeners) listener();
  }

  /** Undefined until the Secret has been there with a certificate. */
  current(): ServedCertificate | undefined {
    return this.#serving;
  }

  /** Calls `listener` after each change of `current`, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** When the certificate expires, in milliseconds since 1970. */
  get expiresMs(): number | undefined {
    return this.#serving?.notAfterMs;
  }

  /** When the CA that signed it expires. */
  get authorityExpiresMs(): number | undefined {
    return this.#authorityEndsMs;
  }
}
