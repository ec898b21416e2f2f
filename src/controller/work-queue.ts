import type { ControllerClock } from "./clock.ts";
import { TokenBucket } from "./token-bucket.ts";

export interface WorkQueueLimits {
  /** Works under way at the same time. */
  readonly concurrency: number;
  /** Works begun, over all keys. */
  readonly perSecond: number;
  readonly burst: number;
}

export interface WorkQueueOptions {
  readonly limits: WorkQueueLimits;
  readonly clock: ControllerClock;
  /** What there is to do for the key now. It may be asked again before that is done. */
  readonly prepare: (key: string) => Prepared;
  /** Told what `prepare` or a work threw. It is a defect, and the other keys go on: none may take all down with it. */
  readonly onDefect: (key: string, error: unknown) => void;
}

export type Prepared =
  | { readonly kind: "nothing" }
  /** Not before so many milliseconds. */
  | { readonly kind: "later"; readonly delayMs: number }
  | { readonly kind: "work"; readonly start: () => Promise<void> };

/**
 * Keys for which there is something to do, each at most once in the queue and at most once at work; first in, first
 * out. A key that comes again while at work gets its turn after the others. So one that comes all the time can't starve
 * them, and of many changes only the latest is worked on.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #bucket: TokenBucket;
  readonly #due = new Set<string>();
  readonly #waiting = new Map<string, { readonly at: number; readonly timer: { stop(): void } }>();
  readonly #working = new Set<string>();
  #pump: { stop(): void } | undefined;
  #pumpAt = 0;
  #isOpen = true;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket(options.limits);
  }

  /** Keys that are due, wait for their time or are at work. */
  get size(): number {
    return this.#due.size + this.#waiting.size + this.#working.size;
  }

  /** Makes the key due after the delay; one that waits already keeps the earlier time. */
  add(key: string, delayMs: number): void {
    if (!this.#isOpen || this.#due.has(key)) return;
    const at = this.#options.clock.now() + delayMs;
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined && waiting.at <= at) return;
    waiting?.timer.stop();
    const timer = this.#options.clock.startTimer(() => {
      this.#waiting.delete(key);
      this.#due.add(key);
      this.#wake(0);
    }, delayMs);
    this.#waiting.set(key, { at, timer });
  }

  /** Many keys, due at once. */
  addAll(keys: Iterable<string>): void {
    if (!this.#isOpen) return;
    for (const key of keys) if (!this.#waiting.has(key)) this.#due.add(key);
    this.#wake(0);
  }

  /** Begins nothing more; what is at work goes on. */
  close(): void {
    this.#isOpen = false;
    this.#pump?.stop();
    for (const { timer } of this.#waiting.values()) timer.stop();
    this.#waiting.clear();
    this.#due.clear();
  }

  #wake(delayMs: number): void {
    if (!this.#isOpen) return;
    const at = this.#options.clock.now() + delayMs;
    if (this.#pump !== undefined && this.#pumpAt <= at) return;
    this.#pump?.stop();
    this.#pumpAt = at;
    this.#pump = this.#options.clock.startTimer(() => {
      this.#pump = undefined;
      this.#begin();
    }, delayMs);
  }

  #begin(): void {
    const { limits, clock, onDefect } = this.#options;
    let looked = 0;
    for (const key of this.#due) {
      if (this.#working.size >= limits.concurrency) return;
      // Others want the event loop, too.
      if (++looked > KEYS_A_TURN) return this.#wake(0);
      if (this.#working.has(key)) continue;
      const prepared = this.#prepare(key);
      const now = clock.now();
      if (prepared.kind === "work" && !this.#bucket.take(now)) return this.#wake(this.#bucket.waitMs(now));
      this.#due.delete(key);
      if (prepared.kind === "later") this.add(key, prepared.delayMs);
      if (prepared.kind !== "work") continue;
      this.#working.add(key);
      void prepared
        .start()
        .catch((error: unknown) => onDefect(key, error))
        .finally(() => {
          this.#working.delete(key);
          if (this.#due.size > 0) this.#wake(0);
        });
    }
  }

  #prepare(key: string): Prepared {
    const { prepare, onDefect } = this.#options;
    try {
      return prepare(key);
    } catch (error) {
      onDefect(key, error);
      return { kind: "nothing" };
    }
  }
}

/** Looking at a key takes some microseconds. */
const KEYS_A_TURN = 100;
