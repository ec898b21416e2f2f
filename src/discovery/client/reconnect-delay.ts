const BASE_MS = 500;
const CAP_MS = 10_000;
/** So that a controller which ends streams at once is not asked in a loop. */
const LEAST_MS = 10;

/**
 * How long to wait before the next attempt to connect, when `rounds` of all replicas failed before it: "full jitter",
 * so that thousands of sidecars that lose a replica at the same moment come to the others spread over time.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 * @param random in [0, 1)
 */
export function reconnectDelayMs(rounds: number, random: number): number {
  return LEAST_MS + random * Math.min(CAP_MS, BASE_MS * 2 ** Math.min(rounds, 16));
}
