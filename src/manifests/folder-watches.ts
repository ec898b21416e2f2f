import { watch } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { codeOf } from "./io-problem.ts";

/**
 * Watches one folder, not what is in its subfolders. `onEvent` is told the name of the entry that changed, or the
 * folder's own name when the folder itself went or moved; undefined where the platform doesn't say. Throws, or calls
 * `onError` later, when watching is not possible. The function that comes back ends it.
 */
export type WatchFolder = (
  path: string,
  onEvent: (name: string | undefined) => void,
  onError: (error: unknown) => void,
) => () => void;

export const watchFolder: WatchFolder = (path, onEvent, onError) => {
  const watcher = watch(path, { encoding: "utf8" }, (_event, name) => onEvent(name ?? undefined));
  watcher.on("error", onError);
  return () => watcher.close();
};

interface Watch {
  /** Which folder was meant: its path may lead to another one by now. */
  readonly id: string;
  readonly close: () => void;
  /** Names whose changes matter; undefined where all do. */
  names: Set<string> | undefined;
  /** The round that last asked for it. */
  round: number;
  /** Its folder is gone or was moved. */
  isStale: boolean;
}

/** A folder that can't be watched for one of these reasons can't be read either, or changes with its own folder. */
const NO_FAILURES = new Set(["ENOENT", "ENOTDIR", "EACCES", "EPERM"]);

export interface WatchListener {
  /** Something that matters changed. */
  readonly onChange: () => void;
  /** The platform refuses to watch: too many watches, or no such thing. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * The folders being watched. Each reading of the manifests is a round: between `begin` and `end` it asks for every
 * folder that it looks at, before it looks, so that nothing can change unseen in between. What no round asks for any
 * more is no longer watched.
 */
export class FolderWatches {
  readonly #watch: WatchFolder;
  readonly #listener: WatchListener;
  readonly #watches = new Map<string, Watch>();
  readonly #ids = new Map<string, string>();
  #round = 0;
  #isClosed = false;

  constructor(watch: WatchFolder, listener: WatchListener) {
    this.#watch = watch;
    this.#listener = listener;
  }

  begin(): void {
    this.#round++;
    this.#ids.clear();
  }

  /** Asks for a folder, by its real path: for all of its entries, or for one. */
  async want(path: string, name?: string): Promise<void> {
    const id = this.#ids.get(path) ?? (await identify(path));
    if (this.#isClosed) return;
    this.#ids.set(path, id);
    const watch = this.#current(path, id) ?? this.#open(path, id);
    if (watch === undefined) return;
    if (watch.round !== this.#round) watch.names = new Set();
    watch.round = this.#round;
    if (name === undefined) watch.names = undefined;
    else watch.names?.add(name);
  }

  end(): void {
    for (const [path, watch] of this.#watches) {
      if (watch.round !== this.#round) this.#close(path, watch);
    }
  }

  /** Ends all of them; what a round asks for afterwards is not watched. */
  close(): void {
    this.#isClosed = true;
    for (const [path, watch] of this.#watches) this.#close(path, watch);
  }

  /** The watch that is there already, if it is on the folder that the path leads to now. */
  #current(path: string, id: string): Watch | undefined {
    const watch = this.#watches.get(path);
    if (watch === undefined || (watch.id === id && !watch.isStale)) return watch;
    this.#close(path, watch);
    return undefined;
  }

  #open(path: string, id: string): Watch | undefined {
    try {
      const close = this.#watch(
        path,
        (name) => this.#onEvent(path, watch, name),
        (error) => {
          watch.isStale = true;
          this.#listener.onFailure(error);
        },
      );
      const watch: Watch = { id, close, names: new Set(), round: this.#round, isStale: false };
      this.#watches.set(path, watch);
      return watch;
    } catch (error) {
      if (!NO_FAILURES.has(codeOf(error))) this.#listener.onFailure(error);
      return undefined;
    }
  }

  #onEvent(path: string, watch: Watch, name: string | undefined): void {
    if (name === basename(path)) watch.isStale = true;
    if (name === undefined || watch.isStale || watch.names === undefined || watch.names.has(name)) {
      this.#listener.onChange();
    }
  }

  #close(path: string, watch: Watch): void {
    this.#watches.delete(path);
    watch.close();
  }
}

/** Tells a folder from a later one of the same path; the number of a removed folder may be given out again. */
async function identify(path: string): Promise<string> {
  try {
    const { dev, ino, birthtimeNs } = await stat(path, { bigint: true });
    return `${dev}:${ino}:${birthtimeNs}`;
  } catch (error) {
    return codeOf(error);
  }
}
