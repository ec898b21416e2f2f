import { readFile } from "node:fs/promises";
import { messageOf } from "../../../resources/error-message.ts";

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

/** Reads both anew for each connection: the kubelet replaces them while the pod runs. */
export class CredentialReader {
  readonly #files: CredentialFiles;
  /** Of the file when it was last there: it goes when the namespace leaves the mesh, and its pods go on. */
  #ca: string | undefined;

  constructor(files: CredentialFiles) {
    this.#files = files;
  }

  /** Rejects with an Error that names the file. */
  async read(): Promise<Credentials> {
    const { caFile, tokenFile } = this.#files;
    const [ca, token] = await Promise.all([this.#readCa(caFile), readToken(tokenFile)]);
    return { ca, token };
  }

  async #readCa(file: string): Promise<string> {
    try {
      const ca = await readText(file, "the controller's CA");
      if (!ca.includes("-----BEGIN CERTIFICATE-----")) throw new Error(`${file} holds no certificate`);
      this.#ca = ca;
      return ca;
    } catch (error) {
      if (this.#ca === undefined) throw error;
      return this.#ca;
    }
  }
}

async function readToken(file: string): Promise<string> {
  const token = (await readText(file, "the token")).trim();
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error(`${file} holds no token`);
  return token;
}

async function readText(file: string, what: string): Promise<string> {
  try {
    const text = await readFile(file, "utf8");
    if (text.length > MOST_BYTES) throw new Error("is too large");
    return text;
  } catch (error) {
    throw new Error(`${what} can't be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
