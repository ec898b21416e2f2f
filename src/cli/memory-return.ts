import type { Clock } from "../platform/clock.ts";

/** How often is looked if there may be something to give back. */
const LOOK_MS = 2_000;
/** It is worth it when the process has grown by so much. */
const GROWTH_BYTES = 1_048_576;
/** Giving back must not take more than this share of the time. */
const MOST_SHARE = 0.001;

export interface MemoryReturnOptions {
  readonly trim: () => void;
  /** Resident bytes of the process. */
  readonly rss: () => number;
  readonly clock: Pick<Clock, "now" | "startTimer">;
}

/** Gives memory back to the system whenever the process has grown. @returns what stops it */
export function keepReturningMemory({ trim, rss, clock }: MemoryReturnOptions): () => void {
  let least = 0;
  const look = (): void => {
    let delayMs = LOOK_MS;
    const bytes = rss();
    if (bytes - least >= GROWTH_BYTES) {
      const begunMs = clock.now();
      trim();
      least = rss();
      delayMs = Math.max(LOOK_MS, (clock.now() - begunMs) / MOST_SHARE);
    } else {
      least = Math.min(least, bytes);
    }
    timer = clock.startTimer(look, delayMs);
  };
  let timer = clock.startTimer(look, LOOK_MS);
  return () => timer.stop();
}
