import type { BigIntStats } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import { dirname, join, parse, resolve, sep } from "node:path";

/** As the system has it: more links in a row are a circle. */
const MAX_LINKS = 40;

/**
 * Walks a path as the system resolves it, link after link, and tells every step before it is taken: the real folder
 * and the name looked up in it. Whatever makes the path lead elsewhere one day is a change of one of these. Ends
 * where the path does, or where it leads nowhere.
 */
export class PathFollower {
  readonly #onStep: (folder: string, name: string) => Promise<void>;
  /** What was found at a path; the follower serves one reading only. */
  readonly #found = new Map<string, BigIntStats | undefined>();

  constructor(onStep: (folder: string, name: string) => Promise<void>) {
    this.#onStep = onStep;
  }

  async follow(path: string): Promise<void> {
    let { folder, names } = split(resolve(path));
    for (let links = 0; ; ) {
      const name = names.shift();
      if (name === undefined) return;
      if (name === "..") {
        folder = dirname(folder);
        continue;
      }
      const at = join(folder, name);
      await this.#onStep(folder, name);
      const found = await this.#look(at);
      if (found === undefined) return;
      if (!found.isSymbolicLink()) {
        folder = at;
        continue;
      }
      links++;
      const target = links > MAX_LINKS ? undefined : await readlink(at).catch(() => undefined);
      if (target === undefined) return;
      const rest = split(target);
      folder = rest.folder === "" ? folder : rest.folder;
      names = [...rest.names, ...names];
    }
  }

  async #look(path: string): Promise<BigIntStats | undefined> {
    if (!this.#found.has(path)) {
      this.#found.set(path, await lstat(path, { bigint: true }).catch(() => undefined));
    }
    return this.#found.get(path);
  }
}

/** The root that an absolute path begins at, and the names behind it. */
function split(path: string): { folder: string; names: string[] } {
  const { root } = parse(path);
  const names = path.slice(root.length).split(sep);
  return { folder: root, names: names.filter((name) => name !== "" && name !== ".") };
}
