import type { ControllerClock } from "../../src/controller/clock.ts";

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Time that goes on only when told, from event to event; promises settle between two events. */
export class SimulatedTime {
  nowMs = 0;
  readonly #events: Event[] = [];
  #order = 0;

  /** Runs `run` in `ms`; what is returned takes that back. */
  after(ms: number, run: () => void): () => void {
    const event: Event = { atMs: this.nowMs + Math.max(0, ms), order: this.#order++, run };
    const at = this.#events.findLastIndex((e) => e.atMs <= event.atMs);
    this.#events.splice(at + 1, 0, event);
    return () => {
      const index = this.#events.indexOf(event);
      if (index !== -1) this.#events.splice(index, 1);
    };
  }

  /** When the next event is. */
  get nextMs(): number | undefined {
    return this.#events[0]?.atMs;
  }

  /** Lets `ms` go by. `check` is called after each event and what followed from it. */
  async pass(ms: number, check: () => void = () => undefined): Promise<void> {
    const endMs = this.nowMs + ms;
    await settle();
    for (let next = this.#events[0]; next !== undefined && next.atMs <= endMs; next = this.#events[0]) {
      this.#events.shift();
      this.nowMs = next.atMs;
      next.run();
      await settle();
      check();
    }
    this.nowMs = endMs;
  }
}

/** Lets all promises settle that need no more than each other. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** A clock of the control plane that follows simulated time. */
export function simulatedClock(time: SimulatedTime, startMs = 1_790_000_000_000): ControllerClock {
  return {
    now: () => time.nowMs,
    wallTime: () => startMs + time.nowMs,
    startTimer: (callback, delayMs) => ({ stop: time.after(delayMs, callback) }),
  };
}
