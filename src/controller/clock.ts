/** What tells the time to loops of the control plane, and wakes them. */
export interface ControllerClock {
  /** Milliseconds that only ever go forward, from any start. */
  now(): number;
  /** Milliseconds since 1970; it can jump. */
  wallTime(): number;
  /** Calls back once, unless stopped before. */
  startTimer(callback: () => void, delayMs: number): { stop(): void };
}
