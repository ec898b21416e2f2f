/**
 * How many requests a stream may send: so many at once, then so many in a second. What is over that is not refused but
 * read later, so that a sidecar that asks too much waits and nobody else does.
 */
export class RequestAllowance {
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #atMs: number;

  constructor(burst: number, perSecond: number, nowMs: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
    this.#atMs = nowMs;
  }

  /** Counts one request. Returns for how many milliseconds no other should be read; 0 while there is room. */
  take(nowMs: number): number {
    const gained = ((nowMs - this.#atMs) * this.#perSecond) / 1000;
    this.#left = Math.min(this.#burst, this.#left + gained) - 1;
    this.#atMs = nowMs;
    return this.#left >= 0 ? 0 : Math.ceil((-this.#left * 1000) / this.#perSecond);
  }
}
