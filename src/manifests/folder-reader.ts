import { readFile } from "node:fs/promises";
import type { FileContent } from "./file-content.ts";
import { codeOf, ioProblem } from "./io-problem.ts";
import { type DocumentCache, readManifest } from "./read-manifest.ts";
import type { FolderContent } from "./reduce-manifests.ts";
import type { FoundFile, FoundFiles } from "./walk-folder.ts";
import { loadYamlReader, type YamlReader } from "./yaml-reader.ts";

const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Files being read at the same time. */
const READ_AHEAD = 32;

/**
 * File systems stamp times with the precision of their clock, some with that of two seconds. A file that was read so
 * soon after its last change may change again without a sign, and is read again the next time.
 */
const UNSURE_MS = 2500;

/** A file as it was read last. */
interface KnownFile {
  readonly signature: string;
  /** That the same signature means the same content. */
  readonly isSure: boolean;
  /** Absent where it could not be read. */
  readonly text?: string;
  readonly content: FileContent;
  readonly cache: DocumentCache;
}

type Loaded =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "unreadable"; readonly message: string }
  | { readonly kind: "gone" };

/** Reads files and remembers what was made of them, so that a document is parsed once, however often it is read. */
export class FolderReader {
  #known: ReadonlyMap<string, KnownFile> = new Map();
  #readYaml: Promise<YamlReader> | undefined;

  /** What the files say. `wallTimeMs` is the time before they were looked for. Once aborted, some of them only. */
  async read(found: FoundFiles, wallTimeMs: number, signal: AbortSignal): Promise<FolderContent> {
    const before = this.#known;
    const known = new Map<string, KnownFile>();
    const changed: FoundFile[] = [];
    for (const file of found.files) {
      const last = before.get(file.name);
      if (last?.isSure && last.signature === file.signature) known.set(file.name, last);
      else changed.push(file);
    }
    for (let start = 0; start < changed.length && !signal.aborted; start += READ_AHEAD) {
      const batch = changed.slice(start, start + READ_AHEAD);
      const texts = await Promise.all(batch.map(load));
      for (const [index, file] of batch.entries()) {
        const loaded = texts[index] ?? { kind: "gone" };
        if (loaded.kind === "gone") continue;
        const isSure = wallTimeMs - file.modifiedMs > UNSURE_MS;
        const read = await this.#read(file, loaded, before.get(file.name));
        known.set(file.name, { signature: file.signature, isSure, ...read });
      }
    }
    this.#known = known;
    return {
      files: new Map([...known].map(([name, { content }]) => [name, content])),
      unreadable: found.unreadable,
    };
  }

  async #read(
    file: FoundFile,
    loaded: Exclude<Loaded, { kind: "gone" }>,
    last: KnownFile | undefined,
  ): Promise<Pick<KnownFile, "text" | "content" | "cache">> {
    const cache = last?.cache ?? new Map();
    if (loaded.kind === "unreadable") return { content: loaded, cache };
    const { text } = loaded;
    if (last?.text === text) return { text, content: last.content, cache };
    this.#readYaml ??= loadYamlReader();
    const isJson = file.name.endsWith(".json");
    return {
      text,
      ...(await readManifest({ text, isJson, cache }, { readYaml: await this.#readYaml, pause })),
    };
  }
}

async function load(file: FoundFile): Promise<Loaded> {
  if (file.sizeBytes > MAX_FILE_BYTES) {
    const megabytes = Math.ceil(file.sizeBytes / 1_048_576);
    return {
      kind: "unreadable",
      message: `has ${megabytes} MB, more than the 16 MB that a manifest may have`,
    };
  }
  try {
    const bytes = await readFile(file.path);
    return { kind: "text", text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT") return { kind: "gone" };
    return { kind: "unreadable", message: code === NOT_UTF8 ? "is no UTF-8 text" : ioProblem(error) };
  }
}

const NOT_UTF8 = "ERR_ENCODING_INVALID_ENCODED_DATA";

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
