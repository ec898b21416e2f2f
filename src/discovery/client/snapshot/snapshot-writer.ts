import { messageOf } from "../../../resources/error-message.ts";
import type { ClientClock, ClientLog, SnapshotStore, StoredResource } from "../client-ports.ts";

/** How long after a change it is written, so that what changes together is written together. */
const SETTLE_MS = 1_000;
/** The least time from one write to the next. */
const PAUSE_MS = 5_000;

export interface SnapshotWriterOptions {
  readonly clock: ClientClock;
  readonly log: ClientLog;
  readonly store: SnapshotStore;
  readonly content: () => Iterable<StoredResource>;
}

/** Keeps the snapshot up to date: one write at a time, and none that something waits for. */
export class SnapshotWriter {
  readonly #options: SnapshotWriterOptions;
  #timer: { stop(): void } | undefined;
  #writing: Promise<void> | undefined;
  #isDue = false;
  #isStopped = false;
  #writtenMs = Number.NEGATIVE_INFINITY;
  /** The last failure that was told of: told once, until it works again. */
  #reported = "";
  written = 0;
  failed = 0;

  constructor(options: SnapshotWriterOptions) {
    this.#options = options;
  }

  /** What is stored; nothing where it can't be used, which is told of. */
  read(): readonly StoredResource[] {
    const { store, log } = this.#options;
    try {
      const resources = store.read();
      if (resources.length > 0) log.info("the snapshot is in force", { resources: resources.length });
      return resources;
    } catch (error) {
      log.warn("the snapshot can't be used; what it had is learned anew", { error: messageOf(error) });
      return [];
    }
  }

  changed(): void {
    this.#isDue = true;
    if (this.#timer !== undefined || this.#writing !== undefined || this.#isStopped) return;
    const { clock } = this.#options;
    const delayMs = Math.max(SETTLE_MS, this.#writtenMs + PAUSE_MS - clock.now());
    this.#timer = clock.startTimer(() => {
      this.#timer = undefined;
      this.#begin();
    }, delayMs);
  }

  /** Writes what is not written yet, and ends. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.stop();
    this.#timer = undefined;
    await this.#writing;
    if (!this.#isDue) return;
    this.#begin();
    await this.#writing;
  }

  #begin(): void {
    this.#isDue = false;
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined;
      this.#writtenMs = this.#options.clock.now();
      if (this.#isDue) this.changed();
    });
  }

  async #write(): Promise<void> {
    const { store, log, content } = this.#options;
    try {
      await store.write([...content()]);
      this.written++;
      this.#reported = "";
    } catch (error) {
      this.failed++;
      const message = messageOf(error);
      if (message === this.#reported) return;
      this.#reported = message;
      log.warn("the snapshot can't be written: a restart without the controller knows less", {
        error: message,
      });
    }
  }
}
