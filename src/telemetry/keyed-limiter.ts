const INTERVAL_MS = 10_000;
const CAPACITY = 256;

interface Entry {
  admittedAt: number;
  suppressed: number;
}

/** Admits each key once an interval. Keys beyond the capacity share one turn, so that made-up keys gain nothing. */
export class KeyedLimiter {
  readonly #entries = new Map<string, Entry>();
  readonly #rest: Entry = { admittedAt: Number.NEGATIVE_INFINITY, suppressed: 0 };

  /** Undefined to refuse, else how many were refused since the last that was admitted. Time in ms. */
  admit(key: string, now: number): number | undefined {
    const entry = this.#entryOf(key, now);
    if (isRecent(entry, now)) {
      entry.suppressed++;
      return undefined;
    }
    const { suppressed } = entry;
    entry.admittedAt = now;
    entry.suppressed = 0;
    return suppressed;
  }

  #entryOf(key: string, now: number): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    if (this.#entries.size >= CAPACITY) this.#forgetOld(now);
    if (this.#entries.size >= CAPACITY) return this.#rest;
    const entry = { admittedAt: Number.NEGATIVE_INFINITY, suppressed: 0 };
    this.#entries.set(key, entry);
    return entry;
  }

  #forgetOld(now: number): void {
    for (const [key, entry] of this.#entries) {
      if (!isRecent(entry, now)) this.#entries.delete(key);
    }
  }
}

/** A time to come was noted before the clock was set back, and must not keep anybody silent until then. */
function isRecent({ admittedAt }: Entry, now: number): boolean {
  return admittedAt <= now && now - admittedAt < INTERVAL_MS;
}
