/** When more is refused than the connection limits say. */
export interface OverloadLimits {
  readonly shedDelayMs: number;
  readonly shedAfterMs: number;
  readonly shedMemoryPercent: number;
}

/** How the process is, at a point in time. */
export interface OverloadSample {
  /** Monotonic. */
  readonly nowMs: number;
  /** How much later than asked for the event loop came to this sample. */
  readonly delayMs: number;
  /** Of the memory that the process may use; undefined where nothing bounds it. */
  readonly memoryPercent: number | undefined;
  /** The most requests that were under way since the last sample. */
  readonly mostUnderWay: number;
}

/** So many requests at a time are never too many: a false alarm must not cut a pod off. */
const LEAST_ADMITTED = 64;

/** One long turn of the event loop, as of a compilation, is no overload: it makes one sample late. */
const LEAST_LATE_SAMPLES = 3;

/** Memory has to fall this far below the bound before requests are admitted again. */
const MEMORY_MARGIN_PERCENT = 5;

/**
 * Decides how many requests may be under way: any number until the event loop is late or memory short for a while;
 * then half as many as there were, and half of that again while it does not get better; twice as many each time after
 * that it was better for as long, till no bound is needed. Requests are never refused altogether: memory that is not
 * given back by the runtime would keep it so for ever.
 */
export class Overload {
  readonly #limits: OverloadLimits;
  #mostAdmitted = Number.POSITIVE_INFINITY;
  /** Under way when the bound was set: where it is no longer needed. */
  #mostBefore = 0;
  #strainedSinceMs: number | undefined;
  #calmSinceMs: number | undefined;
  #lateSamples = 0;

  constructor(limits: OverloadLimits) {
    this.#limits = limits;
  }

  /** Requests beyond this number are to be refused. */
  get mostAdmitted(): number {
    return this.#mostAdmitted;
  }

  get isShedding(): boolean {
    return this.#mostAdmitted !== Number.POSITIVE_INFINITY;
  }

  sample(sample: OverloadSample): void {
    const { nowMs } = sample;
    const { shedAfterMs } = this.#limits;
    if (this.#isLate(sample.delayMs) || this.#isShortOfMemory(sample.memoryPercent)) {
      this.#calmSinceMs = undefined;
      this.#strainedSinceMs ??= nowMs;
      if (nowMs - this.#strainedSinceMs < shedAfterMs) return;
      this.#strainedSinceMs = nowMs;
      this.#tighten(sample.mostUnderWay);
    } else {
      this.#strainedSinceMs = undefined;
      this.#calmSinceMs ??= nowMs;
      if (nowMs - this.#calmSinceMs < shedAfterMs) return;
      this.#calmSinceMs = nowMs;
      this.#loosen();
    }
  }

  #isLate(delayMs: number): boolean {
    const boundMs = this.isShedding ? this.#limits.shedDelayMs / 2 : this.#limits.shedDelayMs;
    this.#lateSamples = delayMs > boundMs ? this.#lateSamples + 1 : 0;
    return this.#lateSamples >= LEAST_LATE_SAMPLES;
  }

  #isShortOfMemory(percent: number | undefined): boolean {
    const margin = this.isShedding ? MEMORY_MARGIN_PERCENT : 0;
    return percent !== undefined && percent > this.#limits.shedMemoryPercent - margin;
  }

  #tighten(mostUnderWay: number): void {
    if (!this.isShedding) this.#mostBefore = mostUnderWay;
    const half = Math.floor(Math.min(this.#mostAdmitted, mostUnderWay) / 2);
    this.#mostAdmitted = Math.max(LEAST_ADMITTED, half);
  }

  #loosen(): void {
    this.#mostAdmitted *= 2;
    if (this.#mostAdmitted > this.#mostBefore) this.#mostAdmitted = Number.POSITIVE_INFINITY;
  }
}
