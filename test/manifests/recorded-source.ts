import type { ManifestClock } from "../../src/manifests/change-signal.ts";
import type { WatchFolder } from "../../src/manifests/folder-watches.ts";
import type { ManifestSnapshot } from "../../src/manifests/manifest-snapshot.ts";
import { startManifestSource } from "../../src/manifests/manifest-source.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { inForce } from "./objects.ts";

export interface RecordedOptions {
  readonly clock?: ManifestClock;
  readonly watchFolder?: WatchFolder;
  readonly signal?: AbortSignal;
}

/** A running source with all its snapshots, which can be waited for. */
export class RecordedSource implements AsyncDisposable {
  readonly snapshots: ManifestSnapshot[] = [];
  #source: AsyncDisposable | undefined;
  #waiting: (() => void)[] = [];

  static async start(directory: string, options: RecordedOptions = {}): Promise<RecordedSource> {
    const { clock = systemClock, signal, watchFolder } = options;
    const recorded = new RecordedSource();
    const onSnapshot = (snapshot: ManifestSnapshot): void => {
      recorded.snapshots.push(snapshot);
      for (const wake of recorded.#waiting.splice(0)) wake();
    };
    recorded.#source = await startManifestSource(
      { directory, onSnapshot, clock, ...(watchFolder === undefined ? {} : { watchFolder }) },
      signal,
    );
    return recorded;
  }

  get last(): ManifestSnapshot {
    const snapshot = this.snapshots.at(-1);
    if (snapshot === undefined) throw new Error("there is no snapshot yet");
    return snapshot;
  }

  /** Waits until a snapshot is as expected, the last one included. */
  async until(isExpected: (snapshot: ManifestSnapshot) => boolean): Promise<ManifestSnapshot> {
    while (!isExpected(this.last)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      await promise;
    }
    return this.last;
  }

  /** Waits until that and nothing else is in force, as `name:port`. */
  async untilInForce(...objects: readonly string[]): Promise<ManifestSnapshot> {
    return await this.until((snapshot) => inForce(snapshot).join(" ") === objects.join(" "));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source?.[Symbol.asyncDispose]();
  }
}
