import { messageOf } from "../resources/error-message.ts";
import { type FileContent, type ManifestDocument, objectsOfDocument } from "./file-content.ts";
import { type DocumentText, splitDocuments } from "./split-documents.ts";
import type { YamlReader } from "./yaml-reader.ts";

/** What was made of each document's text, for the next reading of the same file. */
export type DocumentCache = ReadonlyMap<string, ManifestDocument>;

export interface ReadManifest {
  readonly content: FileContent;
  readonly cache: DocumentCache;
}

export interface ManifestText {
  readonly text: string;
  readonly isJson: boolean;
  /** From the last reading. */
  readonly cache: DocumentCache;
}

export interface ManifestReading {
  readonly readYaml: YamlReader;
  /** Lets other work of the program go on. */
  readonly pause: () => Promise<void>;
}

/** About what is read in 8 ms, the longest that connections shall wait for their turn. */
const CHARACTERS_A_TURN = 16_384;

/**
 * Makes objects of a file's text. Documents that stand in the cache are taken from there. One that is malformed
 * makes the whole file unreadable, since it can't be told what it was to say.
 */
export async function readManifest(file: ManifestText, reading: ManifestReading): Promise<ReadManifest> {
  // A writer often empties a file before it writes it anew, and may take its time in between.
  if (file.text === "") return unreadable("is empty; delete it to remove its objects", file.cache);
  return file.isJson ? readJson(file) : readDocuments(file, reading);
}

function unreadable(message: string, cache: DocumentCache): ReadManifest {
  return { content: { kind: "unreadable", message }, cache };
}

function readJson({ text, cache }: ManifestText): ReadManifest {
  const cached = cache.get(text);
  if (cached !== undefined) return readable([cached], cache);
  try {
    const value: unknown = JSON.parse(text);
    const document = objectsOfDocument(value);
    return readable([document], new Map([[text, document]]));
  } catch (error) {
    return unreadable(`is no JSON: ${messageOf(error)}`, cache);
  }
}

function readable(documents: readonly ManifestDocument[], cache: DocumentCache): ReadManifest {
  return { content: { kind: "documents", documents }, cache };
}

async function readDocuments(file: ManifestText, reading: ManifestReading): Promise<ReadManifest> {
  const documents: ManifestDocument[] = [];
  const cache = new Map<string, ManifestDocument>();
  let unpaused = 0;
  for (const part of splitDocuments(file.text)) {
    let document = file.cache.get(part.text);
    if (document === undefined) {
      const read = readDocument(part, reading.readYaml);
      if (read.kind === "malformed") return unreadable(read.message, file.cache);
      ({ document } = read);
      unpaused += part.text.length;
    }
    documents.push(document);
    cache.set(part.text, document);
    if (unpaused >= CHARACTERS_A_TURN) {
      unpaused = 0;
      await reading.pause();
    }
  }
  return readable(documents, cache);
}

type ReadDocument =
  | { readonly kind: "read"; readonly document: ManifestDocument }
  | { readonly kind: "malformed"; readonly message: string };

function readDocument(part: DocumentText, readYaml: YamlReader): ReadDocument {
  const read = readYaml(part.text);
  if (read.kind === "values") return { kind: "read", document: read.values.flatMap(objectsOfDocument) };
  const place =
    read.line === undefined ? `document at line ${part.line}` : `line ${part.line + read.line - 1}`;
  return { kind: "malformed", message: `is no YAML, ${place}: ${read.message}` };
}
