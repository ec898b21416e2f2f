import { createPublicKey, X509Certificate } from "node:crypto";
import { splitPem } from "./pem-blocks.ts";
import { readPrivateKey } from "./private-key.ts";
import { authorityKeysKey, bundleKey, servingChainKey, servingKeyKey } from "./trust-names.ts";

/** A CA of the bundle. Times are milliseconds since 1970. */
export interface Authority {
  /** SHA-256 of the certificate, in hex. */
  readonly fingerprint: string;
  /** PEM. */
  readonly certificate: string;
  /** PEM; undefined: it can't sign (any more), but what it signed is still believed. */
  readonly key: string | undefined;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** What the replicas serve with. */
export interface Serving {
  /** PEM of the certificate. */
  readonly chain: string;
  /** PEM, belongs to the certificate. */
  readonly key: string;
  /** The fingerprint of the CA in the bundle that signed it; undefined: none of them did. */
  readonly issuer: string | undefined;
  readonly names: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** The data of the Secret: its own keys, decoded to text. Other keys in the Secret are none of ours. */
export type TrustData = Readonly<Record<string, string>>;

/** What the Secret says, as far as it can be used. */
export interface TrustContent {
  /** Newest first. */
  readonly authorities: readonly Authority[];
  readonly serving: Serving | undefined;
  /** What is wrong with the data and was left out here, as sentences without a full stop. They tell no secret. */
  readonly problems: readonly string[];
}

/** Reads the Secret's data. Takes what is usable and says what is not; anybody may have edited it. */
export function readTrust(data: TrustData): TrustContent {
  const problems: string[] = [];
  const keys = readKeys(data[authorityKeysKey] ?? "", problems);
  const authorities = readAuthorities(data[bundleKey] ?? "", keys, problems);
  if (keys.size > 0) problems.push(`${authorityKeysKey} has a key that belongs to no CA in ${bundleKey}`);
  const serving = readServing(data[servingChainKey] ?? "", data[servingKeyKey] ?? "", authorities, problems);
  return { authorities, serving, problems };
}

/** The Secret's data for `content`: its own keys alone. */
export function writeTrust({ authorities, serving }: Omit<TrustContent, "problems">): TrustData {
  return {
    [bundleKey]: authorities.map((authority) => authority.certificate).join(""),
    [authorityKeysKey]: authorities.map((authority) => authority.key ?? "").join(""),
    [servingChainKey]: serving?.chain ?? "",
    [servingKeyKey]: serving?.key ?? "",
  };
}

/** Private keys by their public keys. */
function readKeys(text: string, problems: string[]): Map<string, string> {
  const keys = new Map<string, string>();
  const blocks = splitPem(text);
  if (blocks.length === 0 && text.trim() !== "") problems.push(`${authorityKeysKey} is no PEM`);
  for (const block of blocks) {
    const key = readPrivateKey(block.text);
    if (key === undefined)
      problems.push(`${authorityKeysKey} has a block that is no private key on P-256 or P-384`);
    else keys.set(publicPartOf(block.text), key.export({ type: "pkcs8", format: "pem" }));
  }
  return keys;
}

/** Takes the keys that it finds an authority for out of `keys`. */
function readAuthorities(text: string, keys: Map<string, string>, problems: string[]): readonly Authority[] {
  const found = new Map<string, Authority>();
  const blocks = splitPem(text);
  if (blocks.length === 0 && text.trim() !== "") problems.push(`${bundleKey} is no PEM`);
  for (const { text: block } of blocks) {
    const certificate = readCertificate(block);
    if (certificate === undefined) problems.push(`${bundleKey} has a block that is no certificate`);
    else if (!isRoot(certificate)) problems.push(`${bundleKey} has a certificate that is no self-signed CA`);
    else {
      const fingerprint = fingerprintOf(certificate);
      const publicPart = certificate.publicKey.export({ type: "spki", format: "pem" });
      const key = keys.get(publicPart) ?? found.get(fingerprint)?.key;
      keys.delete(publicPart);
      const period = periodOf(certificate);
      found.set(fingerprint, { fingerprint, certificate: certificate.toString(), key, ...period });
    }
  }
  return [...found.values()].sort(
    (a, b) => b.notBeforeMs - a.notBeforeMs || (a.fingerprint < b.fingerprint ? -1 : 1),
  );
}

function readServing(
  chain: string,
  key: string,
  authorities: readonly Authority[],
  problems: string[],
): Serving | undefined {
  if (chain.trim() === "" && key.trim() === "") return undefined;
  const certificate = readCertificate(splitPem(chain)[0]?.text ?? "");
  if (certificate === undefined) {
    problems.push(`${servingChainKey} is no certificate`);
    return undefined;
  }
  const privateKey = readPrivateKey(splitPem(key)[0]?.text ?? "");
  if (privateKey === undefined || !certificate.checkPrivateKey(privateKey)) {
    problems.push(`${servingKeyKey} is not the private key of ${servingChainKey}`);
    return undefined;
  }
  const issuer = authorities.find((authority) => hasIssued(authority, certificate))?.fingerprint;
  if (issuer === undefined) problems.push(`no CA in ${bundleKey} has signed ${servingChainKey}`);
  return {
    chain: certificate.toString(),
    key: privateKey.export({ type: "pkcs8", format: "pem" }),
    issuer,
    names: [...(certificate.subjectAltName ?? "").matchAll(/DNS:([^,\s"]+)/g)].map(([, name = ""]) => name),
    ...periodOf(certificate),
  };
}

/** A certificate whose key can be used, too: one of an unknown kind throws when it is first asked for. */
function readCertificate(pem: string): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(pem);
    return certificate.publicKey.type === "public" ? certificate : undefined;
  } catch {
    return undefined;
  }
}

function isRoot(certificate: X509Certificate): boolean {
  return certificate.ca && certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}

function hasIssued(authority: Authority, certificate: X509Certificate): boolean {
  const issuer = new X509Certificate(authority.certificate);
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function publicPartOf(privatePem: string): string {
  return createPublicKey(privatePem).export({ type: "spki", format: "pem" });
}

function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(":", "").toLowerCase();
}

function periodOf(certificate: X509Certificate): {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
} {
  return { notBeforeMs: certificate.validFromDate.getTime(), notAfterMs: certificate.validToDate.getTime() };
}
