/** What a route's `retry` waits where it names no backoff. */
export const DEFAULT_BACKOFF_MS = 25;
const BACKOFF_CAP_FACTOR = 10;

/**
 * How long to wait before the retry number `attempt` (1, 2 …): drawn by `random` in [0, 1) from base × 2^(attempt-1) to
 * its double, never below the base and at most ten times it. A route's backoff is the least time between two tries:
 * https://gateway-api.sigs.k8s.io/geps/gep-1731/.
 */
export function backoffMs(baseMs: number, attempt: number, random: number): number {
  const step = Math.min(baseMs * 2 ** (attempt - 1), (baseMs * BACKOFF_CAP_FACTOR) / 2);
  return step * (1 + random);
}
