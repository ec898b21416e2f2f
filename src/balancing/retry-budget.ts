/** What a retry budget allows. */
export interface RetryBudgetLimits {
  /** Retries per request, in percent of the requests of the interval. */
  readonly percent: number;
  readonly intervalMs: number;
  /** Retries that are allowed in each second however few the requests are. */
  readonly minRetriesPerSecond: number;
}

/** The defaults of https://gateway-api.sigs.k8s.io/geps/gep-3388/. */
const DEFAULT_RETRY_BUDGET: RetryBudgetLimits = {
  percent: 20,
  intervalMs: 10_000,
  minRetriesPerSecond: 10,
};

const SLOTS = 10;
const SECOND_MS = 1_000;

/**
 * Counts the requests and the retries of the last interval, in tenths of it, and says if one more retry is allowed.
 * Constant memory; times are monotonic milliseconds.
 */
export class RetryBudget {
  readonly #limits: RetryBudgetLimits;
  readonly #slotMs: number;
  readonly #requests = new Float64Array(SLOTS);
  readonly #retries = new Float64Array(SLOTS);
  #slot = 0;
  #second = 0;
  #retriesInSecond = 0;

  constructor(limits: RetryBudgetLimits = DEFAULT_RETRY_BUDGET) {
    this.#limits = limits;
    this.#slotMs = limits.intervalMs / SLOTS;
  }

  /** Counts a request; its retries don't count as requests. */
  onRequest(now: number): void {
    this.#advance(now);
    const index = this.#slot % SLOTS;
    this.#requests[index] = (this.#requests[index] ?? 0) + 1;
  }

  /** Counts a retry if one is allowed; false leaves the budget as it is. */
  tryRetry(now: number): boolean {
    this.#advance(now);
    const second = Math.floor(now / SECOND_MS);
    if (second !== this.#second) {
      this.#second = second;
      this.#retriesInSecond = 0;
    }
    const allowed = (sum(this.#requests) * this.#limits.percent) / 100;
    const isWithinShare = sum(this.#retries) + 1 <= allowed;
    if (!isWithinShare && this.#retriesInSecond >= this.#limits.minRetriesPerSecond) return false;
    const index = this.#slot % SLOTS;
    this.#retries[index] = (this.#retries[index] ?? 0) + 1;
    this.#retriesInSecond++;
    return true;
  }

  #advance(now: number): void {
    const slot = Math.floor(now / this.#slotMs);
    const first = Math.max(this.#slot + 1, slot - SLOTS + 1);
    for (let passed = first; passed <= slot; passed++) {
      this.#requests[passed % SLOTS] = 0;
      this.#retries[passed % SLOTS] = 0;
    }
    this.#slot = Math.max(this.#slot, slot);
  }
}

function sum(slots: Float64Array): number {
  let total = 0;
  for (const count of slots) total += count;
  return total;
}
