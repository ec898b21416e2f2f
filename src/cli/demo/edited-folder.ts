import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** A change of a file that somebody made. */
export interface Edit {
  readonly file: string;
  readonly kind: "added" | "changed" | "removed";
}

export interface RewrittenCopy {
  readonly folder: string;
  readonly rewrite: (text: string) => string;
}

/** Sees what changes in a folder of manifests, and keeps a rewritten copy of it where one is wanted. */
export class EditedFolder {
  readonly #folder: string;
  readonly #copy: RewrittenCopy | undefined;
  #contents: ReadonlyMap<string, string> = new Map();

  constructor(folder: string, copy?: RewrittenCopy) {
    this.#folder = folder;
    this.#copy = copy;
  }

  /**
   * Reads the folder again, and says what is different since the last time.
   * @throws the error of the file system where the folder can't be read
   */
  async look(): Promise<readonly Edit[]> {
    const before = this.#contents;
    const after = await readManifests(this.#folder, before);
    this.#contents = after;
    const edits: Edit[] = [];
    for (const [file, text] of after) {
      if (before.get(file) === text) continue;
      edits.push({ file, kind: before.has(file) ? "changed" : "added" });
      await this.#writeCopy(file, text);
    }
    for (const file of before.keys()) {
      if (after.has(file)) continue;
      edits.push({ file, kind: "removed" });
      if (this.#copy !== undefined) await rm(join(this.#copy.folder, file), { force: true });
    }
    return edits;
  }

  /** By way of another name, so that nobody reads half a file. */
  async #writeCopy(file: string, text: string): Promise<void> {
    if (this.#copy === undefined) return;
    const path = join(this.#copy.folder, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.new`, this.#copy.rewrite(text));
    await rename(`${path}.new`, path);
  }
}

async function readManifests(folder: string, before: ReadonlyMap<string, string>) {
  const files = await readdir(folder, { recursive: true });
  const contents = new Map<string, string>();
  for (const file of files.filter((name) => /\.(ya?ml|json)$/.test(name)).sort()) {
    // What can't be read just now may be in the middle of being replaced.
    const text = (await readText(join(folder, file))) ?? before.get(file);
    if (text !== undefined) contents.set(file, text);
  }
  return contents;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}
