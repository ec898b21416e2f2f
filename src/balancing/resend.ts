/** Endpoints that one request or connection is given to at most, while nothing was processed (architecture.md 7). */
export const RESEND_MAX_ENDPOINTS = 5;
/** How long after its first try a request or connection may still be given to another endpoint. */
export const RESEND_MAX_MS = 3_000;

/** If another endpoint may be tried after `tried` ones, the first of them at `startedAt`. */
export function mayResend(tried: number, startedAt: number, now: number): boolean {
  return tried < RESEND_MAX_ENDPOINTS && now - startedAt < RESEND_MAX_MS;
}

/** What a route's `retry` waits where it names no backoff. */
export const DEFAULT_BACKOFF_MS = 25;
const BACKOFF_CAP_FACTOR = 10;

/**
 * How long to wait before the retry number `attempt` (1, 2 …): drawn by `random` in [0, 1) from base × 2^(attempt-1) to its
 * double, never below the base and at most ten times it. A route's backoff is the least time between two tries:
 * https://gateway-api.sigs.k8s.io/geps/gep-1731/.
 */
export function backoffMs(baseMs: number, attempt: number, random: number): number {
  const step = Math.min(baseMs * 2 ** (attempt - 1), (baseMs * BACKOFF_CAP_FACTOR) / 2);
  return step * (1 + random);
}
