import type { BigIntStats, Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, ioProblem } from "./io-problem.ts";
import { WHOLE_FOLDER } from "./reduce-manifests.ts";

/** A manifest file. */
export interface FoundFile {
  /** Below the folder, parts separated by `/`. */
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Changes whenever the file is written or replaced, as far as the file system's clock can tell. */
  readonly signature: string;
}

export interface FoundFiles {
  /** In order of names, each real file once. */
  readonly files: readonly FoundFile[];
  /** Folders, files and links that can't be looked at, by name. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** Told of what the walk is about to look at, before it does. */
export interface WalkListener {
  /** A folder, by its real path. */
  readonly onFolder: (path: string) => Promise<void>;
  readonly onLink: (path: string) => Promise<void>;
}

const MANIFEST = /\.(?:ya?ml|json)$/;

/**
 * Finds every manifest below a folder, through links too. Entries whose names begin with `..` are passed over: in a
 * ConfigMap volume these are the folders behind the links that are the files (`..data`, `..2026_01_31…`). Each real
 * folder is walked once, so that links in a circle end.
 */
export async function walkFolder(path: string, listener: WalkListener): Promise<FoundFiles> {
  const walk = new Walk(listener);
  await walk.folder(path, WHOLE_FOLDER);
  return walk.finish();
}

/** Entries being looked at in the same turn. */
const LOOK_AHEAD = 64;

class Walk {
  readonly #listener: WalkListener;
  readonly #folders = new Set<string>();
  readonly #files: (FoundFile & { readonly id: string })[] = [];
  readonly #unreadable = new Map<string, string>();

  constructor(listener: WalkListener) {
    this.#listener = listener;
  }

  async folder(path: string, name: string): Promise<void> {
    try {
      const real = await realpath(path);
      if (this.#folders.has(real)) return;
      this.#folders.add(real);
      await this.#listener.onFolder(real);
      const entries = await readdir(real, { withFileTypes: true });
      await this.#entries(entries, real, name === WHOLE_FOLDER ? "" : `${name}/`);
    } catch (error) {
      // A subfolder may have gone since it was listed.
      if (name === WHOLE_FOLDER || codeOf(error) !== "ENOENT") this.#unreadable.set(name, ioProblem(error));
    }
  }

  /** Files some at a time, then folders one after the other in order of their names. */
  async #entries(entries: readonly Dirent[], folder: string, prefix: string): Promise<void> {
    const folders: string[] = [];
    for (let start = 0; start < entries.length; start += LOOK_AHEAD) {
      const batch = entries.slice(start, start + LOOK_AHEAD).filter((entry) => !entry.name.startsWith(".."));
      const areFolders = await Promise.all(batch.map((entry) => this.#isFolder(entry, folder, prefix)));
      folders.push(...batch.filter((_, index) => areFolders[index]).map((entry) => entry.name));
    }
    for (const name of folders.sort()) await this.folder(join(folder, name), prefix + name);
  }

  /** Whether an entry is a folder, or a link to one. Takes note of it where it is a manifest. */
  async #isFolder(entry: Dirent, folder: string, prefix: string): Promise<boolean> {
    const isManifest = MANIFEST.test(entry.name);
    if (entry.isDirectory()) return true;
    if (!entry.isSymbolicLink() && !(entry.isFile() && isManifest)) return false;
    const path = join(folder, entry.name);
    const name = prefix + entry.name;
    if (entry.isSymbolicLink()) await this.#listener.onLink(path);
    try {
      const found = await stat(path, { bigint: true });
      if (isManifest && found.isFile()) this.#files.push(describe(found, name, path));
      return found.isDirectory();
    } catch (error) {
      if (entry.isSymbolicLink() && !entry.name.startsWith(EDITOR_LOCK)) {
        this.#unreadable.set(name, LINK_PROBLEMS[codeOf(error)] ?? ioProblem(error));
      }
      return false;
    }
  }

  finish(): FoundFiles {
    const ids = new Set<string>();
    const files = this.#files
      .sort((one, other) => (one.name < other.name ? -1 : 1))
      .filter(({ id }) => !ids.has(id) && ids.add(id).size > 0);
    return { files, unreadable: this.#unreadable };
  }
}

/** Emacs marks a file being edited by a link that leads nowhere, `.#routes.yaml`. */
const EDITOR_LOCK = ".#";

const LINK_PROBLEMS: Readonly<Record<string, string>> = { ENOENT: "is a link that leads nowhere" };

function describe(found: BigIntStats, name: string, path: string): FoundFile & { readonly id: string } {
  const { dev, ino, size, mtimeNs, ctimeNs } = found;
  const id = `${dev}:${ino}`;
  return {
    id,
    name,
    path,
    sizeBytes: Number(size),
    modifiedMs: Number(mtimeNs / 1_000_000n),
    signature: [id, size, mtimeNs, ctimeNs].join(":"),
  };
}
