/** What happened lately, by example: at most `MAX_ENTRIES` each, none older than the window. */
export class Recent<T> {
  readonly #windowMs: number;
  readonly #byExample = new Map<string, { readonly timeMs: number; readonly entry: T }[]>();

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add(example: string, timeMs: number, entry: T): void {
    const entries = this.#byExample.get(example) ?? [];
    entries.push({ timeMs, entry });
    if (entries.length > MAX_ENTRIES) entries.shift();
    this.#byExample.set(example, entries);
  }

  /** Oldest first. */
  of(example: string, nowMs: number): readonly T[] {
    const entries = (this.#byExample.get(example) ?? []).filter(
      ({ timeMs }) => timeMs > nowMs - this.#windowMs,
    );
    this.#byExample.set(example, entries);
    return entries.map(({ entry }) => entry);
  }
}

export const MAX_ENTRIES = 1_000;
