import type { DeltaDiscoveryRequest } from "../generated/envoy/service/discovery/v3/discovery.ts";

/** About what takes as long as the rest of a request. */
const NAMES_A_REQUEST = 100;

/** For how many requests one counts: what it says of names makes work for each. */
export function requestCost({
  resourceNamesSubscribe: added,
  resourceNamesUnsubscribe: dropped,
  initialResourceVersions: held,
}: DeltaDiscoveryRequest): number {
  return 1 + (added.length + dropped.length + held.size) / NAMES_A_REQUEST;
}

/**
 * How many requests a stream may send: so many at once, then so many in a second. What is over that is not refused but
 * read later, so that a sidecar that asks too much waits and nobody else does.
 */
export class RequestAllowance {
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #atMs: number;

  constructor(burst: number, perSecond: number, nowMs: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
    this.#atMs = nowMs;
  }

  /**
   * Counts one request, for more than one by its `cost`.
   * @returns for how many milliseconds no other should be read; 0 while there is room
   */
  take(nowMs: number, cost = 1): number {
    const gained = ((nowMs - this.#atMs) * this.#perSecond) / 1000;
    this.#left = Math.min(this.#burst, this.#left + gained) - cost;
    this.#atMs = nowMs;
    return this.#left >= 0 ? 0 : Math.ceil((-this.#left * 1000) / this.#perSecond);
  }
}
