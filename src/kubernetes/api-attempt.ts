import type { ReflectorClock } from "./reflector-clock.ts";

/** One request that is given up when nothing comes of it for too long. */
export class ApiAttempt {
  readonly #clock: ReflectorClock;
  readonly #controller = new AbortController();
  #limitMs: number;
  #heardMs: number;
  #timer: { stop(): void } | undefined;
  #isStalled = false;

  /** `limitMs`: the longest silence. */
  constructor(clock: ReflectorClock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#heardMs = clock.now();
    this.#timer = clock.startTimer(() => this.#onTimer(), limitMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether it was given up for its silence. */
  get isStalled(): boolean {
    return this.#isStalled;
  }

  /** Something came. Cheap: the timer runs on and looks at this when it is due. */
  heard(): void {
    this.#heardMs = this.#clock.now();
  }

  /** Something came, and another silence is allowed from now on. */
  allow(limitMs: number): void {
    this.heard();
    this.#limitMs = limitMs;
    this.#restart(limitMs);
  }

  /** Gives the request up. */
  abort(): void {
    this.end();
    this.#controller.abort();
  }

  /** Nothing more is to come. */
  end(): void {
    this.#timer?.stop();
    this.#timer = undefined;
  }

  #restart(delayMs: number): void {
    if (this.#timer === undefined) return;
    this.#timer.stop();
    this.#timer = this.#clock.startTimer(() => this.#onTimer(), delayMs);
  }

  #onTimer(): void {
    const leftMs = this.#heardMs + this.#limitMs - this.#clock.now();
    if (leftMs > 0) return this.#restart(leftMs);
    this.#isStalled = true;
    this.abort();
  }
}
