/** The times of an election, in milliseconds. */
export interface ElectionLimits {
  /** How long others leave the Lease alone after each renewal that they saw. Whole seconds. */
  readonly durationMs: number;
  /** How long a holder leads after each renewal, from before it was sent. */
  readonly leadMs: number;
  /** How often a leader renews; sooner, `pollMs`, after a failure. */
  readonly renewMs: number;
  /** How often the others look whether the Lease is free. */
  readonly pollMs: number;
  /** How long one request for the Lease may take. */
  readonly requestTimeoutMs: number;
  /**
   * How long a leader's write may be under way from when it was allowed: what starts before the end of `leadMs` is over
   * before the end of `durationMs`, with 1 s for clocks that go at different speeds.
   */
  readonly writeTimeoutMs: number;
}

export const electionLimits: ElectionLimits = {
  durationMs: 15_000,
  leadMs: 10_000,
  renewMs: 2_000,
  pollMs: 1_000,
  requestTimeoutMs: 2_500,
  writeTimeoutMs: 4_000,
};
