import type { ConfigurationOptions } from "@kubernetes/client-node";
import { callOptions } from "../api-call.ts";
import { electionLimits } from "./election-limits.ts";

/** The options of a leader's call: it is over before another replica can lead. */
export function writeOptions(signal: AbortSignal, contentType?: string): ConfigurationOptions {
  return callOptions({ signal, timeoutMs: electionLimits.writeTimeoutMs, contentType });
}
