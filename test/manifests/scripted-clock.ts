import type { ManifestClock } from "../../src/manifests/change-signal.ts";

/** A clock that stands still until it is told to go on. */
export class ScriptedClock implements ManifestClock {
  nowMs = 0;
  #timers: { readonly at: number; readonly run: () => void }[] = [];

  get scheduledCount(): number {
    return this.#timers.length;
  }

  wallTime(): number {
    return this.nowMs;
  }

  startTimer(run: () => void, delayMs: number): { stop(): void } {
    const timer = { at: this.nowMs + delayMs, run };
    this.#timers.push(timer);
    return {
      stop: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  /** Runs what is due on the way, each at its time and with what follows from it. */
  async advance(ms: number): Promise<void> {
    const end = this.nowMs + ms;
    for (let next = this.#nextUntil(end); next !== undefined; next = this.#nextUntil(end)) {
      this.nowMs = next.at;
      this.#timers = this.#timers.filter((other) => other !== next);
      next.run();
      await settle();
    }
    this.nowMs = end;
    await settle();
  }

  #nextUntil(end: number): { readonly at: number; readonly run: () => void } | undefined {
    return this.#timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
  }
}

/** Lets promises that are resolved take their course. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
