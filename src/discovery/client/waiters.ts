import type { ClientClock } from "./client-ports.ts";

/** How long the first connection to a destination waits to learn what it is. */
const WAIT_MS = 1_000;

type OnSettled = (isKnown: boolean) => void;

interface Wait {
  readonly waiters: Set<OnSettled>;
  readonly timer: { stop(): void };
}

/** Who waits for which name. All that wait for one name stop waiting together, a second after the first began. */
export class Waiters {
  readonly #clock: ClientClock;
  readonly #onTimeout: (name: string) => void;
  readonly #waits = new Map<string, Wait>();
  #count = 0;

  /** @param onTimeout called before those that waited are told */
  constructor(clock: ClientClock, onTimeout: (name: string) => void) {
    this.#clock = clock;
    this.#onTimeout = onTimeout;
  }

  get size(): number {
    return this.#count;
  }

  has(name: string): boolean {
    return this.#waits.has(name);
  }

  /** @returns ends the wait without a word */
  add(name: string, onSettled: OnSettled): () => void {
    const wait = this.#waits.get(name) ?? this.#begin(name);
    // The same function may wait twice.
    const waiter: OnSettled = (isKnown) => onSettled(isKnown);
    wait.waiters.add(waiter);
    this.#count++;
    return () => {
      if (!wait.waiters.delete(waiter)) return;
      this.#count--;
      if (wait.waiters.size === 0 && this.#waits.get(name) === wait) this.#end(name, wait);
    };
  }

  settle(name: string, isKnown: boolean): void {
    const wait = this.#waits.get(name);
    if (wait === undefined) return;
    this.#end(name, wait);
    for (const waiter of wait.waiters) {
      wait.waiters.delete(waiter);
      this.#count--;
      waiter(isKnown);
    }
  }

  /** Nobody waits any longer, but for the names that `isToStay` is true of. */
  settleAllUnknown(isToStay: (name: string) => boolean): void {
    for (const name of Array.from(this.#waits.keys())) if (!isToStay(name)) this.settle(name, false);
  }

  #begin(name: string): Wait {
    const timer = this.#clock.startTimer(() => {
      this.#onTimeout(name);
      this.settle(name, false);
    }, WAIT_MS);
    const wait = { waiters: new Set<OnSettled>(), timer };
    this.#waits.set(name, wait);
    return wait;
  }

  #end(name: string, wait: Wait): void {
    wait.timer.stop();
    this.#waits.delete(name);
  }
}
