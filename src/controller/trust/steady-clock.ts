/** How far the wall clock may be corrected without a doubt, and for how long it is doubted after more. */
const smallMs = 300_000;
const doubtMs = 600_000;

/**
 * Tells whether the wall clock can be believed: not for ten minutes after it jumped by more than five. A clock that is set
 * wrong for a moment must not make certificates look expired, since what is thrown away then can't be brought back.
 */
export class SteadyClock {
  #offsetMs: number;
  #jumpedMs: number | undefined;

  /** What the clocks say now is believed. @param nowMs by the monotonic clock */
  constructor(wallMs: number, nowMs: number) {
    this.#offsetMs = wallMs - nowMs;
  }

  /** @param nowMs by the monotonic clock */
  isSteady(wallMs: number, nowMs: number): boolean {
    const offsetMs = wallMs - nowMs;
    if (Math.abs(offsetMs - this.#offsetMs) <= smallMs) {
      this.#offsetMs = offsetMs;
      this.#jumpedMs = undefined;
      return true;
    }
    this.#jumpedMs ??= nowMs;
    if (nowMs - this.#jumpedMs < doubtMs) return false;
    this.#offsetMs = offsetMs;
    this.#jumpedMs = undefined;
    return true;
  }
}
