import { uptime } from "node:os";

/** What tells the time, and when some of it is over. */
export interface Clock {
  /** Milliseconds that only ever go forward, from any start, in fractions of microseconds. About 50 ns. */
  readonly now: () => number;
  /** Milliseconds since 1970, for showing to people; it can jump. */
  readonly wallTime: () => number;
  /** Calls back once, unless stopped before. */
  readonly startTimer: (callback: () => void, delayMs: number) => { stop(): void };
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  startTimer: (callback, delayMs) => {
    const timer = setTimeout(callback, delayMs);
    return { stop: () => clearTimeout(timer) };
  },
};

/**
 * Milliseconds that only ever go forward and that count while the machine is suspended, too, unlike those of
 * `systemClock.now`. In steps of 10 ms; about 6 µs.
 */
export function bootTime(): number {
  return uptime() * 1_000;
}
