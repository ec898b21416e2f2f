/** How long a turn of the event loop may go on with work that can wait. */
const TURN_MS = 4;

interface Job {
  /** True once it is done. */
  readonly step: () => boolean;
}

/** Runs steps of several jobs by turns, so that none waits for the end of a long one, and all for a few milliseconds. */
export class TurnScheduler {
  readonly #now: () => number;
  readonly #jobs: Job[] = [];
  #isWorking = false;

  /** @param now monotonic ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Runs steps to their end: at once what a few milliseconds allow, if nothing else is under way, the rest in later
   * turns of the event loop. `onDone` is called in the turn of the last step.
   */
  run<T>(steps: Generator<undefined, T>, onDone: (result: T) => void): void {
    this.#jobs.push({
      step: () => {
        const step = steps.next();
        if (step.done === true) onDone(step.value);
        return step.done === true;
      },
    });
    if (!this.#isWorking) this.#work();
  }

  #work(): void {
    this.#isWorking = true;
    const begunMs = this.#now();
    do {
      const job = this.#jobs.shift();
      if (job === undefined) {
        this.#isWorking = false;
        return;
      }
      if (!job.step()) this.#jobs.push(job);
    } while (this.#now() - begunMs < TURN_MS);
    setImmediate(() => this.#work());
  }
}
