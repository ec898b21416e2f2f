/** The time and the timers of reflectors. */
export interface ReflectorClock {
  /** Monotonic milliseconds. */
  now(): number;
  startTimer(callback: () => void, delayMs: number): { stop(): void };
}

export const systemReflectorClock: ReflectorClock = {
  now: () => performance.now(),
  startTimer: (callback, delayMs) => {
    const timer = setTimeout(callback, delayMs);
    return { stop: () => clearTimeout(timer) };
  },
};
