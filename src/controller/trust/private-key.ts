import { createPrivateKey, type KeyObject } from "node:crypto";

/** OpenSSL's names of the curves that can sign, and WebCrypto's. */
const curves: ReadonlyMap<string, string> = new Map([
  ["prime256v1", "P-256"],
  ["secp384r1", "P-384"],
]);

/** WebCrypto's name of the curve of a key that `readPrivateKey` returned. */
export function curveOf(key: KeyObject): string {
  return curves.get(key.asymmetricKeyDetails?.namedCurve ?? "") ?? "P-256";
}

/** The private key in a PEM block, if it is one on P-256 or P-384; else undefined. */
export function readPrivateKey(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(pem);
    const curve = key.asymmetricKeyType === "ec" ? key.asymmetricKeyDetails?.namedCurve : undefined;
    return curve !== undefined && curves.has(curve) ? key : undefined;
  } catch {
    return undefined;
  }
}
