import type { ControllerClock } from "../../src/controller/clock.ts";
import { ManualClock } from "../support/manual-clock.ts";

/** 2026-11-24T10:00:00Z at its start. */
const START_MS = Date.UTC(2026, 10, 24, 10);

/** A clock that only moves when told; between timers everything that is ready gets its turn. */
export class ManualControllerClock extends ManualClock implements ControllerClock {
  readonly #start = this.now();

  wallTime(): number {
    return START_MS + Math.floor(this.now() - this.#start);
  }

  /** Lets time pass in small steps, so that what timers begin can go on in between. */
  async pass(ms: number): Promise<void> {
    const end = this.now() + ms;
    while (this.now() < end) {
      this.advance(Math.min(STEP_MS, end - this.now()));
      await settle();
    }
  }
}

const STEP_MS = 5;

/** Runs all that needs no time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
