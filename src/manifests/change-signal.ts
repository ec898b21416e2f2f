/** Time as the source needs it, in milliseconds. */
export interface ManifestClock {
  /** Calls back once, unless stopped before. */
  startTimer(callback: () => void, delayMs: number): { stop(): void };
  /** Comparable with the modification times of files. */
  wallTime(): number;
}

/** A burst is over when nothing has changed for so long. */
const QUIET_MS = 20;

/** A burst that does not end is acted on in between. */
const LONGEST_BURST_MS = 1000;

/** Turns many changes into few readings: waits for the end of a burst. */
export class ChangeSignal {
  readonly #clock: ManifestClock;
  #hasChanged = false;
  #isClosed = false;
  #waiting: (() => void) | undefined;
  #quiet: { stop(): void } | undefined;
  #burst: { stop(): void } | undefined;

  constructor(clock: ManifestClock) {
    this.#clock = clock;
  }

  /** Something may have changed. */
  notify(): void {
    if (this.#isClosed) return;
    this.#hasChanged = true;
    this.#watchBurst();
  }

  /** Ends the wait at once, and every later one. */
  close(): void {
    this.#isClosed = true;
    this.#end();
  }

  /**
   * Resolves at the end of the burst after a change since the last wait, or after `limitMs` without one. One wait at
   * a time.
   */
  next(limitMs: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const limit = this.#clock.startTimer(() => this.#end(), limitMs);
    this.#waiting = () => {
      limit.stop();
      resolve();
    };
    if (this.#hasChanged) this.#watchBurst();
    return promise;
  }

  /** While nobody waits the burst goes on unmeasured: what has changed by then is read at its end. */
  #watchBurst(): void {
    if (this.#waiting === undefined) return;
    this.#quiet?.stop();
    this.#quiet = this.#clock.startTimer(() => this.#end(), QUIET_MS);
    this.#burst ??= this.#clock.startTimer(() => this.#end(), LONGEST_BURST_MS);
  }

  #end(): void {
    this.#quiet?.stop();
    this.#burst?.stop();
    this.#quiet = undefined;
    this.#burst = undefined;
    this.#hasChanged = false;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }
}
