/** Bounds on what clients of the admin endpoints can cost. */
export interface AdminLimits {
  /** Connections open at the same time. One more, and the one that has waited longest for a request is closed. */
  readonly maxConnections: number;
  readonly headBytes: number;
  /** Of a request's body, which is thrown away. */
  readonly bodyBytes: number;
  /** From the first byte of a request to its last one. */
  readonly requestTimeoutMs: number;
  /** Between two requests of a connection; longer than the usual scrape interval. */
  readonly idleTimeoutMs: number;
  /** How long a client may take no byte of a response. */
  readonly stallTimeoutMs: number;
  /** How long a connection may take to close, and what is under way to end when the server closes. */
  readonly closeTimeoutMs: number;
}

export const ADMIN_LIMITS: AdminLimits = {
  maxConnections: 64,
  headBytes: 16_384,
  bodyBytes: 65_536,
  requestTimeoutMs: 10_000,
  idleTimeoutMs: 120_000,
  stallTimeoutMs: 10_000,
  closeTimeoutMs: 1_000,
};

/** Runs once after the delay, unless the function that comes back is called before. */
export type Schedule = (delayMs: number, run: () => void) => () => void;
