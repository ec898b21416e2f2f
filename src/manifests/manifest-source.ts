import { ChangeSignal, type ManifestClock } from "./change-signal.ts";
import { FolderReader } from "./folder-reader.ts";
import { FolderWatches, type WatchFolder, watchFolder } from "./folder-watches.ts";
import { PathFollower } from "./follow-path.ts";
import type { ManifestSnapshot } from "./manifest-snapshot.ts";
import { EMPTY_STATE, type ManifestState, reduceManifests } from "./reduce-manifests.ts";
import { walkFolder } from "./walk-folder.ts";

export interface ManifestSourceOptions {
  readonly directory: string;
  /** Called with the first snapshot before the start is over, and then with each one that differs from the last. */
  readonly onSnapshot: (snapshot: ManifestSnapshot) => void;
  readonly clock: ManifestClock;
  /** For tests; the platform's own without it. */
  readonly watchFolder?: WatchFolder;
}

/** How often the folder is looked at where the platform does not tell of changes. */
const POLL_MS = 1000;

/** And where it does: some file systems (network mounts) never tell, and a flood of changes may drown some. */
const RECHECK_MS = 10_000;

/**
 * Reads the folder and goes on watching it until it is disposed or aborted. Changes show in a snapshot within
 * 100 ms after the last write of a burst. What the folder says wrong is part of the snapshot, a folder that does not
 * exist included: it may come yet. Nothing is called after the end.
 */
export async function startManifestSource(
  options: ManifestSourceOptions,
  signal?: AbortSignal,
): Promise<AsyncDisposable> {
  const source = new ManifestSource(options);
  const stop = (): void => source.stop();
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();
  await source.read();
  const watching = source.watch();
  return {
    async [Symbol.asyncDispose]() {
      signal?.removeEventListener("abort", stop);
      stop();
      await watching;
    },
  };
}

class ManifestSource {
  readonly #options: ManifestSourceOptions;
  readonly #changes: ChangeSignal;
  readonly #watches: FolderWatches;
  readonly #reader = new FolderReader();
  readonly #stopped = new AbortController();
  #state: ManifestState = EMPTY_STATE;
  #isFirst = true;
  #isPolling = false;

  constructor(options: ManifestSourceOptions) {
    this.#options = options;
    this.#changes = new ChangeSignal(options.clock);
    this.#watches = new FolderWatches(options.watchFolder ?? watchFolder, {
      onChange: () => this.#changes.notify(),
      onFailure: () => {
        this.#isPolling = true;
      },
    });
  }

  /** Ends with the reading that is under way. */
  async watch(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      await this.#changes.next(this.#isPolling ? POLL_MS : RECHECK_MS);
      await this.read();
    }
  }

  stop(): void {
    this.#stopped.abort();
    this.#changes.close();
    this.#watches.close();
  }

  async read(): Promise<void> {
    const { signal } = this.#stopped;
    if (signal.aborted) return;
    const { directory, clock, onSnapshot } = this.#options;
    const wallTimeMs = clock.wallTime();
    this.#watches.begin();
    const links = new PathFollower((folder, name) => this.#watches.want(folder, name));
    await links.follow(directory);
    const found = await walkFolder(directory, {
      onFolder: (path) => this.#watches.want(path),
      onLink: (path) => links.follow(path),
    });
    this.#watches.end();
    const content = await this.#reader.read(found, wallTimeMs, signal);
    if (signal.aborted) return;
    const before = this.#state;
    this.#state = reduceManifests(before, content);
    if (!this.#isFirst && this.#state.snapshot === before.snapshot) return;
    this.#isFirst = false;
    onSnapshot(this.#state.snapshot);
  }
}
