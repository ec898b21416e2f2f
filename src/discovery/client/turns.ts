import type { ClientClock } from "./client-ports.ts";

/** How long a turn of the event loop may go on with this: traffic waits meanwhile. */
const TURN_MS = 4;

/** Does jobs one after another in steps: at once what a turn of the event loop allows, the rest in later ones. */
export class Turns {
  readonly #clock: ClientClock;
  readonly #jobs: Generator<undefined, void>[] = [];
  #timer: { stop(): void } | undefined;
  #isWorking = false;

  constructor(clock: ClientClock) {
    this.#clock = clock;
  }

  do(job: Generator<undefined, void>): void {
    this.#jobs.push(job);
    if (this.#timer === undefined && !this.#isWorking) this.#work();
  }

  /** What was not done yet never is. */
  clear(): void {
    this.#jobs.length = 0;
    this.#timer?.stop();
    this.#timer = undefined;
  }

  #work(): void {
    const endMs = this.#clock.now() + TURN_MS;
    this.#isWorking = true;
    try {
      for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
        if (job.next().done === true && this.#jobs[0] === job) this.#jobs.shift();
        if (this.#clock.now() >= endMs) break;
      }
    } finally {
      this.#isWorking = false;
    }
    if (this.#jobs.length === 0) return;
    this.#timer = this.#clock.startTimer(() => {
      this.#timer = undefined;
      this.#work();
    }, 0);
  }
}
