import type { WheelClock } from "../../src/proxy/timer-wheel.ts";

/** A clock that only moves when told, and runs its timers on the way. */
export class ManualClock implements WheelClock {
  time = 5_000_003.5;
  wakeUps = 0;
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  now(): number {
    return this.time;
  }

  startTimer(callback: () => void, delayMs: number): { stop(): void } {
    const timer = { at: this.time + delayMs, callback };
    this.#timers.add(timer);
    return { stop: () => this.#timers.delete(timer) };
  }

  advance(ms: number): void {
    const end = this.time + ms;
    for (let next = this.#nextBefore(end); next !== undefined; next = this.#nextBefore(end)) {
      this.time = Math.max(this.time, next.at);
      this.#timers.delete(next);
      this.wakeUps++;
      next.callback();
    }
    this.time = end;
  }

  /** The event loop was busy: time passes, no timer runs. */
  stall(ms: number): void {
    this.time += ms;
  }

  get timers(): number {
    return this.#timers.size;
  }

  #nextBefore(end: number): { at: number; callback: () => void } | undefined {
    return [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
  }
}
