/** A rate with bursts. Told the time (ms), so it has no clock. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at = Number.NEGATIVE_INFINITY;

  /** Starts full. */
  constructor({ perSecond, burst }: { readonly perSecond: number; readonly burst: number }) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** Takes a token if there is one. */
  take(now: number): boolean {
    this.#fill(now);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** How long until there is a token; 0: now. Rounded up, so that there is one when the time is over. */
  waitMs(now: number): number {
    this.#fill(now);
    return this.#tokens >= 1 ? 0 : Math.ceil((1 - this.#tokens) / this.#perMs);
  }

  #fill(now: number): void {
    if (now > this.#at) {
      const grown = this.#tokens + (now - this.#at) * this.#perMs;
      // A hair more, because sums of fractions fall short.
      this.#tokens = Math.min(this.#burst, grown + 1e-9);
      this.#at = now;
    }
  }
}
