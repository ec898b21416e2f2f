/** The time and the timers of reflectors. */
export interface ReflectorClock {
  /** Monotonic milliseconds. */
  now(): number;
  startTimer(callback: () => void, delayMs: number): { stop(): void };
}
