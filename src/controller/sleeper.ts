import type { ControllerClock } from "./clock.ts";

/** The pauses of a loop, which something new can end early. */
export class Sleeper {
  readonly #clock: Pick<ControllerClock, "startTimer">;
  #end: () => void = () => undefined;

  constructor(clock: Pick<ControllerClock, "startTimer">) {
    this.#clock = clock;
  }

  /** Resolves when the time is over, or when `wake` is called before. One at a time. */
  async sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#clock.startTimer(resolve, ms);
    this.#end = resolve;
    await promise;
    timer.stop();
    this.#end = () => undefined;
  }

  /** Does nothing where nobody waits. */
  wake(): void {
    this.#end();
  }
}
