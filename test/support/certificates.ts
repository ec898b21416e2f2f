import "reflect-metadata";
import { KeyObject, randomBytes, webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

import type { ServedCertificate } from "../../src/discovery/server/tls-listener.ts";

const curve = { name: "ECDSA", namedCurve: "P-256" };
const signature = { name: "ECDSA", hash: "SHA-256" };
const HOUR_MS = 3_600_000;

/** An authority of its own that certifies servers of tests. */
export class TestAuthority {
  /** PEM. */
  readonly certificate: string;
  readonly #keys: CryptoKeyPair;
  readonly #name: string;

  private constructor(name: string, certificate: string, keys: CryptoKeyPair) {
    this.#name = name;
    this.certificate = certificate;
    this.#keys = keys;
  }

  static async create(): Promise<TestAuthority> {
    const keys = await generateKeys();
    const name = `CN=Test authority ${randomBytes(4).toString("hex")}`;
    const certificate = await X509CertificateGenerator.createSelfSigned({
      serialNumber: serialNumber(),
      name,
      ...validity(HOUR_MS),
      keys,
      signingAlgorithm: signature,
      extensions: [new BasicConstraintsExtension(true, 0, true)],
    });
    return new TestAuthority(name, certificate.toString("pem"), keys);
  }

  /** @param validMs from an hour ago plus this; negative: it is over */
  async certify(names: readonly string[], validMs = HOUR_MS): Promise<ServedCertificate> {
    const keys = await generateKeys();
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: `CN=${names[0] ?? ""}`,
      issuer: this.#name,
      ...validity(validMs),
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: signature,
      extensions: [
        new SubjectAlternativeNameExtension(
          names.map((value) => ({
            type: /^[\d.]+$/.test(value) ? ("ip" as const) : ("dns" as const),
            value,
          })),
        ),
      ],
    });
    const key = KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" });
    return { chain: certificate.toString("pem"), key };
  }
}

async function generateKeys(): Promise<CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(curve, true, ["sign", "verify"]);
}

/** Positive whatever the first byte is. */
function serialNumber(): string {
  return `01${randomBytes(8).toString("hex")}`;
}

function validity(validMs: number): { readonly notBefore: Date; readonly notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - 2 * HOUR_MS), notAfter: new Date(now + validMs) };
}
