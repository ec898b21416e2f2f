import type { ElectionLimits } from "../../../src/controller/election/election-limits.ts";

/** An election whose leader is replaced within seconds. */
export const quickLimits: ElectionLimits = {
  durationMs: 3_000,
  leadMs: 1_800,
  renewMs: 300,
  pollMs: 150,
  requestTimeoutMs: 500,
  writeTimeoutMs: 1_000,
};
