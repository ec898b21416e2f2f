import type { FrontendEntry } from "./frontend-table.ts";

/** Destinations that were asked for and are none, or are not known yet. */
const MOST = 1_024;
/** While it is full, one that was used in this time is not given up for another. */
const KEEP_MS = 10_000;
/** One that nobody used for this time is given up. */
const IDLE_MS = 600_000;

/**
 * The destinations that were asked for and that no Frontend is known for, the least recently used first.
 *
 * They stay subscribed to, so that a Service which comes later is learned at once. What a program dials is not for the
 * sidecar to choose, so there is a bound: a program that dials ever new addresses gets about a hundred of them a second
 * looked up, and the rest pass through unasked.
 */
export class UnlearnedNames {
  readonly #entries = new Map<string, FrontendEntry>();

  get size(): number {
    return this.#entries.size;
  }

  values(): Iterable<FrontendEntry> {
    return this.#entries.values();
  }

  /** Was used now. */
  touch(entry: FrontendEntry, now: number): void {
    entry.usedMs = now;
    this.#entries.delete(entry.name);
    this.#entries.set(entry.name, entry);
  }

  delete(entry: FrontendEntry): void {
    this.#entries.delete(entry.name);
  }

  /** Those to be given up before another one is added; undefined where there is no room for it. */
  makeRoom(now: number): readonly FrontendEntry[] | undefined {
    const idle: FrontendEntry[] = [];
    for (const entry of this.#entries.values()) {
      const unusedMs = now - entry.usedMs;
      const isOver = this.#entries.size - idle.length >= MOST;
      if (unusedMs < (isOver ? KEEP_MS : IDLE_MS)) break;
      idle.push(entry);
    }
    return this.#entries.size - idle.length < MOST ? idle : undefined;
  }
}
