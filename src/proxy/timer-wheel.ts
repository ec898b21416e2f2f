import { beginTurn } from "./turn-clock.ts";

/**
 * Deadlines for all connections of the proxy on one timer of the event loop.
 *
 * Setting and clearing a deadline links or unlinks a list entry, so that a deadline per request costs nanoseconds.
 * Two wheels: a fine one of 8 ms slots for what is due within two seconds, and a coarse one of one-second slots whose
 * entries move to the fine one when their second comes. A deadline is never early and at most one fine slot late.
 */

/** Something that waits until a point in time. Owned by whoever waits; may be set again after it fired. */
export class Deadline {
  /** @internal */
  next: Deadline | undefined;
  /** @internal */
  previous: Deadline | undefined;
  /** @internal */
  dueMs = 0;
  /** Called when the time has come, from the event loop. */
  readonly onDue: () => void;

  constructor(onDue: () => void) {
    this.onDue = onDue;
  }

  get isSet(): boolean {
    return this.next !== undefined;
  }

  clear(): void {
    const { next, previous } = this;
    if (next === undefined || previous === undefined) return;
    previous.next = next;
    next.previous = previous;
    this.next = undefined;
    this.previous = undefined;
  }
}

/** The clock and the one timer that the wheel needs. Monotonic milliseconds with fractions. */
export interface WheelClock {
  now(): number;
  /** Calls `callback` once after `delayMs`, or not at all if `stop` is called before. */
  startTimer(callback: () => void, delayMs: number): { stop(): void };
  /** Told what a deadline threw, which stops no other deadline. Without it, the last one is thrown in the end. */
  readonly onDefect?: (error: unknown) => void;
}

const FINE_SLOT_MS = 8;
const FINE_SLOTS = 256;
const COARSE_SLOT_MS = 1_000;
const COARSE_SLOTS = 512;
/** What lies further away goes into the last coarse slot in reach and is put off from there. */
const COARSE_REACH_MS = COARSE_SLOT_MS * (COARSE_SLOTS - 1);

function ignore(): void {}

function emptyList(): Deadline {
  const head = new Deadline(ignore);
  head.next = head;
  head.previous = head;
  return head;
}

function ring(slots: number): Deadline[] {
  return Array.from({ length: slots }, emptyList);
}

export class TimerWheel {
  readonly #clock: WheelClock;
  readonly #fine = ring(FINE_SLOTS);
  readonly #coarse = ring(COARSE_SLOTS);
  #fineTick: number;
  #coarseTick: number;
  #timer: { stop(): void } | undefined;
  #defect: { readonly error: unknown } | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;

  constructor(clock: WheelClock) {
    this.#clock = clock;
    const now = clock.now();
    this.#fineTick = Math.floor(now / FINE_SLOT_MS);
    this.#coarseTick = Math.floor(now / COARSE_SLOT_MS);
  }

  /** Sets or moves a deadline to `now + delayMs`. `now` is the clock's, read by the caller. */
  set(deadline: Deadline, now: number, delayMs: number): void {
    deadline.clear();
    deadline.dueMs = now + Math.max(0, delayMs);
    this.#insert(deadline, now);
  }

  /** Stops the event-loop timer; deadlines that are set never fire. */
  stop(): void {
    this.#timer?.stop();
    this.#timer = undefined;
    this.#timerDueMs = Number.POSITIVE_INFINITY;
  }

  #insert(deadline: Deadline, now: number): void {
    const fineTick = Math.floor(deadline.dueMs / FINE_SLOT_MS) + 1;
    if (fineTick < Math.floor(now / FINE_SLOT_MS) + FINE_SLOTS) {
      const tick = Math.max(fineTick, this.#fineTick + 1);
      link(this.#fine, tick % FINE_SLOTS, deadline);
      this.#wakeAt(tick * FINE_SLOT_MS, now);
      return;
    }
    const reachableMs = Math.min(deadline.dueMs, now + COARSE_REACH_MS);
    const coarseTick = Math.max(Math.floor(reachableMs / COARSE_SLOT_MS), this.#coarseTick + 1);
    link(this.#coarse, coarseTick % COARSE_SLOTS, deadline);
    this.#wakeAt(coarseTick * COARSE_SLOT_MS, now);
  }

  #wakeAt(dueMs: number, now: number): void {
    if (dueMs >= this.#timerDueMs) return;
    this.#timer?.stop();
    this.#timerDueMs = dueMs;
    this.#timer = this.#clock.startTimer(this.#onTimer, Math.max(1, Math.ceil(dueMs - now)));
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    beginTurn();
    const now = this.#clock.now();
    this.#advanceCoarse(now);
    this.#advanceFine(now);
    this.#wakeForNext(now);
    const defect = this.#defect;
    this.#defect = undefined;
    if (defect !== undefined) throw defect.error;
  };

  #fire(deadline: Deadline): void {
    try {
      deadline.onDue();
    } catch (error) {
      if (this.#clock.onDefect === undefined) this.#defect = { error };
      else this.#clock.onDefect(error);
    }
  }

  #advanceCoarse(now: number): void {
    const last = Math.floor(now / COARSE_SLOT_MS);
    const first = Math.max(this.#coarseTick + 1, last - COARSE_SLOTS + 1);
    for (let tick = first; tick <= last; tick++) {
      this.#coarseTick = tick;
      const due = unlinkAll(this.#coarse, tick % COARSE_SLOTS);
      for (let deadline = unlinkFirst(due); deadline !== undefined; deadline = unlinkFirst(due)) {
        this.#insert(deadline, now);
      }
    }
  }

  #advanceFine(now: number): void {
    const last = Math.floor(now / FINE_SLOT_MS);
    const first = Math.max(this.#fineTick + 1, last - FINE_SLOTS + 1);
    for (let tick = first; tick <= last; tick++) {
      this.#fineTick = tick;
      const due = unlinkAll(this.#fine, tick % FINE_SLOTS);
      for (let deadline = unlinkFirst(due); deadline !== undefined; deadline = unlinkFirst(due)) {
        // After a long turn of the event loop a slot can hold a deadline of the wheel's next turn.
        if (deadline.dueMs > now) this.#insert(deadline, now);
        else this.#fire(deadline);
      }
    }
  }

  #wakeForNext(now: number): void {
    const fine = firstUsed(this.#fine, this.#fineTick + 1);
    if (fine !== undefined) this.#wakeAt(fine * FINE_SLOT_MS, now);
    const coarse = firstUsed(this.#coarse, this.#coarseTick + 1);
    if (coarse !== undefined) this.#wakeAt(coarse * COARSE_SLOT_MS, now);
  }
}

function link(slots: readonly Deadline[], index: number, deadline: Deadline): void {
  const head = slots[index];
  if (head?.previous === undefined) return;
  deadline.previous = head.previous;
  deadline.next = head;
  head.previous.next = deadline;
  head.previous = deadline;
}

/** Moves a slot's deadlines to a list of their own, so that what they set meanwhile waits for its turn. */
function unlinkAll(slots: readonly Deadline[], index: number): Deadline {
  const list = emptyList();
  const head = slots[index];
  if (head?.next === undefined || head.previous === undefined || head.next === head) return list;
  list.next = head.next;
  list.previous = head.previous;
  head.next.previous = list;
  head.previous.next = list;
  head.next = head;
  head.previous = head;
  return list;
}

function unlinkFirst(list: Deadline): Deadline | undefined {
  const first = list.next;
  if (first === undefined || first === list) return undefined;
  first.clear();
  return first;
}

/** The first tick from `from` on, one turn of the wheel at most, whose slot holds a deadline. */
function firstUsed(slots: readonly Deadline[], from: number): number | undefined {
  for (let tick = from; tick < from + slots.length; tick++) {
    const head = slots[tick % slots.length];
    if (head !== undefined && head.next !== head) return tick;
  }
  return undefined;
}
