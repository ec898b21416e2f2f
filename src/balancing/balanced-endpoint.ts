import type { Endpoint } from "../binding/backend.ts";
import { hashText } from "./rendezvous.ts";

/** Time constant with which a latency estimate and a penalty fade; the default of linkerd. */
const DECAY_MS = 10_000;
/** What an endpoint without a measurement is assumed to take at most; the default of linkerd. */
export const DEFAULT_LATENCY_MS = 30;
/** Differences below this are noise of the measuring, not a reason to prefer one endpoint. */
const LATENCY_FLOOR_MS = 1;
/** Estimates that differ by less than this factor count as equal: then only the load decides. */
export const SIMILAR_LATENCY_RATIO = 1.5;
/** How many times costlier each failure in a row makes an endpoint, and the most that it can be. */
const PENALTY_FACTOR = 4;
export const MAX_PENALTY = 1_000;
/** How long an endpoint is avoided after its first failed connect; doubled each time, up to the most. */
const EJECTION_BASE_MS = 1_000;
const EJECTION_MAX_MS = 60_000;
/** How long one request is let through to learn if a formerly failing endpoint is back, before the next one is. */
const PROBE_MS = 1_000;

const UNMEASURED = -1;

/**
 * One endpoint with what balancing learned of it: the handle that a choice returns. It stays the same object while the
 * address and port are listed. Times are monotonic milliseconds with fractions.
 *
 * An exchange calls `start`, then `respond` or `fail` at most once, then `end`; every new connection calls `connected`
 * or `connectFailed`. Calls on an endpoint that is no longer listed are harmless.
 */
export class BalancedEndpoint {
  /** `IP:port`, IPv6 in brackets. */
  readonly name: string;
  readonly hash: number;
  /** What the configuration in force says of it. */
  description: Endpoint;
  isCandidate = false;
  /** Exchanges under way. */
  pending = 0;

  #latencyMs = UNMEASURED;
  #measuredAt = 0;
  #penalty = 1;
  #penalisedAt = 0;
  #connectFailures = 0;
  #ejectedUntil = 0;
  #isProbing = false;

  constructor(description: Endpoint) {
    this.description = description;
    this.name = endpointName(description);
    this.hash = hashText(this.name);
  }

  /** Counts an exchange that was given to this endpoint. */
  start(now: number): void {
    this.pending++;
    if (this.#connectFailures !== 0 && now >= this.#ejectedUntil) {
      this.#isProbing = true;
      this.#ejectedUntil = now + PROBE_MS;
    }
  }

  /** Takes note of how long the response head took (for opaque traffic: the connect). */
  respond(now: number, latencyMs: number): void {
    const weight = Math.exp(-Math.max(0, now - this.#measuredAt) / DECAY_MS);
    const faded = this.#latencyMs * weight;
    // A peak counts at once, an improvement only as the old estimate fades:
    // https://github.com/twitter/finagle/blob/develop/finagle-core/src/main/scala/com/twitter/finagle/loadbalancer/PeakEwma.scala
    this.#latencyMs =
      this.#latencyMs === UNMEASURED || latencyMs >= faded ? latencyMs : faded + latencyMs * (1 - weight);
    this.#measuredAt = now;
    if (this.#isProbing) this.connected();
  }

  /**
   * Takes note of an answer that says that the endpoint does not work (see `isEndpointFailure`), or of none. Its
   * latency is not looked at: an endpoint that fails fast must not look like a fast one.
   */
  fail(now: number): void {
    this.#penalty = Math.min(MAX_PENALTY, this.penalty(now) * PENALTY_FACTOR);
    this.#penalisedAt = now;
  }

  /** Ends an exchange, however it went. */
  end(): void {
    this.pending--;
  }

  /** A new connection was established: the endpoint is no longer avoided. */
  connected(): void {
    this.#connectFailures = 0;
    this.#ejectedUntil = 0;
    this.#isProbing = false;
  }

  /**
   * A connection could not be established: the endpoint is avoided for half to all of 1, 2, 4 … 60 s, as `random` in
   * [0, 1) says. Failures of connects that were already under way don't lengthen that.
   */
  connectFailed(now: number, random: number): void {
    if (now < this.#ejectedUntil && !this.#isProbing) return;
    this.#isProbing = false;
    const step = Math.min(EJECTION_MAX_MS, EJECTION_BASE_MS * 2 ** this.#connectFailures);
    this.#connectFailures++;
    this.#ejectedUntil = now + step * (1 - random / 2);
  }

  isEjected(now: number): boolean {
    return this.#connectFailures !== 0 && now < this.#ejectedUntil;
  }

  /** The estimate faded to now, at least the floor; undefined before the first response. */
  latencyMs(now: number): number | undefined {
    return this.#latencyMs === UNMEASURED ? undefined : this.latencyMsOr(now, 0);
  }

  /** As `latencyMs`, with what to assume before the first response. */
  latencyMsOr(now: number, assumed: number): number {
    if (this.#latencyMs === UNMEASURED) return assumed;
    const faded = this.#latencyMs * Math.exp(-Math.max(0, now - this.#measuredAt) / DECAY_MS);
    return Math.max(LATENCY_FLOOR_MS, faded);
  }

  /** How many times costlier recent failures make it: 1 (not at all) to the most. */
  penalty(now: number): number {
    if (this.#penalty === 1) return 1;
    return Math.max(1, this.#penalty * Math.exp(-Math.max(0, now - this.#penalisedAt) / DECAY_MS));
  }
}

/**
 * The one of two endpoints that should take the next exchange: the lower latency × (pending + 1). Where the latencies
 * are similar only pending counts, and where that is equal too it is the first; the caller draws the order, so that
 * equal endpoints get equal shares even of sequential requests.
 */
export function preferredOf(
  first: BalancedEndpoint,
  second: BalancedEndpoint,
  now: number,
): BalancedEndpoint {
  let a = first.latencyMsOr(now, UNMEASURED);
  let b = second.latencyMsOr(now, UNMEASURED);
  // An unknown endpoint is taken for one like its peer: a pod that just came gets its share at once, and a rollout
  // does not pile everything on the last old pod.
  if (a === UNMEASURED) a = b === UNMEASURED ? DEFAULT_LATENCY_MS : Math.min(b, DEFAULT_LATENCY_MS);
  if (b === UNMEASURED) b = Math.min(a, DEFAULT_LATENCY_MS);
  const firstPenalty = first.penalty(now);
  const secondPenalty = second.penalty(now);
  if (firstPenalty !== secondPenalty) {
    const slower = Math.max(a, b);
    a = slower * firstPenalty;
    b = slower * secondPenalty;
  }
  if (a <= b * SIMILAR_LATENCY_RATIO && b <= a * SIMILAR_LATENCY_RATIO) {
    return second.pending < first.pending ? second : first;
  }
  return b * (second.pending + 1) < a * (first.pending + 1) ? second : first;
}

/** True for a status by which an endpoint (or what is before it) says that it can't do its work now. */
export function isEndpointFailure(status: number): boolean {
  return status === 429 || (status >= 502 && status <= 504);
}

function endpointName(endpoint: Endpoint): string {
  return endpoint.family === 6
    ? `[${endpoint.address}]:${endpoint.port}`
    : `${endpoint.address}:${endpoint.port}`;
}
