import { readFile } from "node:fs/promises";

/** A token is some 1 KB; a bundle holds the old and the new certificate. */
const MOST_BYTES = 1_048_576;

export interface CredentialFiles {
  /** Certificates (PEM) of the authorities that the controller's certificate may come from. */
  readonly caFile: string;
  /** The projected ServiceAccount token. */
  readonly tokenFile: string;
}

export interface Credentials {
  readonly ca: string;
  readonly token: string;
}

/** Reads both anew: the kubelet replaces them while the pod runs. Rejects with an Error that names the file. */
export async function readCredentials({ caFile, tokenFile }: CredentialFiles): Promise<Credentials> {
  const [ca, tokenText] = await Promise.all([
    readText(caFile, "the controller's CA"),
    readText(tokenFile, "the token"),
  ]);
  const token = tokenText.trim();
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error(`${tokenFile} holds no token`);
  if (!ca.includes("-----BEGIN CERTIFICATE-----")) throw new Error(`${caFile} holds no certificate`);
  return { ca, token };
}

async function readText(file: string, what: string): Promise<string> {
  try {
    const text = await readFile(file, "utf8");
    if (text.length > MOST_BYTES) throw new Error("is too large");
    return text;
  } catch (error) {
    throw new Error(`${what} can't be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
