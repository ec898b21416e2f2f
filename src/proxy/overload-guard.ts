import { Overload, type OverloadLimits } from "./overload.ts";
import type { Now } from "./ports.ts";
import { Deadline, type TimerWheel } from "./timer-wheel.ts";

const SAMPLE_MS = 50;

/** Memory changes slower than it costs to ask for it. */
const MEMORY_SAMPLE_MS = 1_000;

export interface OverloadGuardOptions {
  readonly limits: OverloadLimits;
  readonly now: Now;
  readonly wheel: TimerWheel;
  /** How much of the memory that the process may use is in use; undefined where nothing bounds it. About 100 µs. */
  readonly memoryPercent?: (() => number) | undefined;
  /** Told when requests begin to be refused, and when they no longer are. */
  readonly onChange: (isShedding: boolean) => void;
}

/** Watches how the process is while requests come, and not in between: an idle proxy wakes for nothing. */
export class OverloadGuard {
  readonly #options: OverloadGuardOptions;
  readonly #deadline = new Deadline(() => this.#look());
  #overload: Overload;
  #dueMs = 0;
  #mostUnderWay = 0;
  #memoryPercent: number | undefined;
  #memoryReadMs = Number.NEGATIVE_INFINITY;

  constructor(options: OverloadGuardOptions) {
    this.#options = options;
    this.#overload = new Overload(options.limits);
  }

  /** Whether a request that begins is one too many. @param underWay with it */
  refuses(underWay: number): boolean {
    if (underWay > this.#mostUnderWay) this.#mostUnderWay = underWay;
    if (!this.#deadline.isSet) this.#waitOn();
    return underWay > this.#overload.mostAdmitted;
  }

  #waitOn(): void {
    const { now, wheel } = this.#options;
    const time = now();
    this.#dueMs = time + SAMPLE_MS;
    wheel.set(this.#deadline, time, SAMPLE_MS);
  }

  #look(): void {
    const mostUnderWay = this.#mostUnderWay;
    const wasShedding = this.#overload.isShedding;
    this.#mostUnderWay = 0;
    if (mostUnderWay === 0) {
      // Nothing began for a while: that was then, and what comes next is watched anew.
      this.#overload = new Overload(this.#options.limits);
    } else {
      const nowMs = this.#options.now();
      const delayMs = nowMs - this.#dueMs;
      this.#overload.sample({ nowMs, delayMs, memoryPercent: this.#readMemory(nowMs), mostUnderWay });
      this.#waitOn();
    }
    const { isShedding } = this.#overload;
    if (isShedding !== wasShedding) this.#options.onChange(isShedding);
  }

  #readMemory(nowMs: number): number | undefined {
    if (nowMs - this.#memoryReadMs >= MEMORY_SAMPLE_MS) {
      this.#memoryReadMs = nowMs;
      this.#memoryPercent = this.#options.memoryPercent?.();
    }
    return this.#memoryPercent;
  }
}
