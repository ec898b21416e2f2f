import type { ProxyLog } from "./ports.ts";

/**
 * Tells of an exception in the data path: a defect of ours. Whoever catches one ends the exchange or connection that
 * it hit and nothing else, since all other traffic of the pod goes through the same process.
 */
export function reportDefect(log: ProxyLog, error: unknown): void {
  log.error("defect in the data path", {
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
}
