const BASE_MS = 200;
const CAP_MS = 30_000;
/** A server that asks for more than this is asked again all the same. */
const MAX_RETRY_AFTER_SECONDS = 300;

export interface RetryInput {
  /** How many attempts in a row failed, at least 1. */
  readonly failures: number;
  /** What the server asked for. */
  readonly retryAfterSeconds?: number | undefined;
  /** From 0 up to but not 1. */
  readonly random: number;
}

/**
 * How long to wait after a failure: 100 to 200 ms, doubled for each further one up to 15 to 30 s. Never less than what
 * the server asked for, up to 5 minutes, and then up to a quarter more, so that not all come back at once.
 */
export function retryDelayMs({ failures, retryAfterSeconds = 0, random }: RetryInput): number {
  const backoff = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(failures - 1, 20)) * (0.5 + random / 2);
  const asked = Math.min(retryAfterSeconds, MAX_RETRY_AFTER_SECONDS) * 1_000 * (1 + random / 4);
  return Math.max(backoff, asked);
}
