import "reflect-metadata";
import { createPrivateKey, KeyObject, randomBytes, webcrypto } from "node:crypto";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { COMPONENT_NAME } from "../controller-name.ts";
import { curveOf } from "./private-key.ts";

const curve = { name: "ECDSA", namedCurve: "P-256" };
const signature = { name: "ECDSA", hash: "SHA-256" };

/** Clocks of a cluster's machines differ: what is valid now must be so where it is a little earlier. */
const longestBackdateMs = 3_600_000;

/** A certificate and its private key, as PEM. */
export interface CertifiedKey {
  readonly certificate: string;
  readonly key: string;
}

export interface Validity {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  readonly validMs: number;
}

/** A new CA with a name that no other has: verifiers must not take one for another while both are in a bundle. */
export async function createAuthority({ nowMs, validMs }: Validity): Promise<CertifiedKey> {
  const keys = await generateKeys();
  const serialNumber = randomSerial();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber,
    name: [{ O: ["Eastbound"] }, { CN: [`Eastbound CA ${serialNumber.slice(0, 12)}`] }],
    ...period(nowMs, nowMs + validMs),
    keys,
    signingAlgorithm: signature,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem(certificate), key: exportKey(keys.privateKey) };
}

export interface ServingRequest extends Validity {
  /** Its key must be one that `readPrivateKey` takes. */
  readonly authority: CertifiedKey;
  /** DNS names. */
  readonly names: readonly string[];
}

/** A new certificate for TLS servers under any of `names`, with a new key. It ends with its CA at the latest. */
export async function issueServing(request: ServingRequest): Promise<CertifiedKey> {
  const { authority, names, nowMs, validMs } = request;
  const issuer = new X509Certificate(authority.certificate);
  const issuerKey = createPrivateKey(authority.key);
  const signingKey = issuerKey.toCryptoKey({ name: "ECDSA", namedCurve: curveOf(issuerKey) }, false, [
    "sign",
  ]);
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: [{ O: ["Eastbound"] }, { CN: [COMPONENT_NAME] }],
    issuer: issuer.subjectName,
    ...period(nowMs, Math.min(nowMs + validMs, issuer.notAfter.getTime())),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: signature,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns" as const, value }))),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certificate: pem(certificate), key: exportKey(keys.privateKey) };
}

function generateKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(curve, true, ["sign", "verify"]);
}

function exportKey(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: "pkcs8", format: "pem" });
}

function pem(certificate: X509Certificate): string {
  return `${certificate.toString("pem")}\n`;
}

/** Short lives are backdated less, so that backdating is never a large part of a life. */
function period(nowMs: number, endMs: number): { readonly notBefore: Date; readonly notAfter: Date } {
  const backdateMs = Math.min(longestBackdateMs, (endMs - nowMs) / 20);
  return { notBefore: new Date(nowMs - backdateMs), notAfter: new Date(endMs) };
}

/** 16 random bytes as hex; positive, and never with a leading zero that its encoding would drop. */
function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}
