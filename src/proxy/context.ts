import type { BackendRuntime } from "./backend-runtime.ts";
import type { ProxyLimits } from "./limits.ts";
import type { ParserPool } from "./parser-pool.ts";
import type { AccessLog, Now, ProxyLog, ProxyTelemetry, Random } from "./ports.ts";
import type { TimerWheel } from "./timer-wheel.ts";

/** What every connection of one proxy shares. */
export interface ProxyContext {
  readonly limits: ProxyLimits;
  readonly now: Now;
  readonly random: Random;
  readonly wheel: TimerWheel;
  readonly telemetry: ProxyTelemetry;
  readonly accessLog: AccessLog;
  readonly log: ProxyLog;
  /** A Backend that is in force, by name. */
  readonly backend: (name: string) => BackendRuntime | undefined;
  readonly activity: Activity;
  readonly parsers: ParserPool;
}

/** How much is going on: what drain waits for, and what the connection limit counts. */
export interface Activity {
  /** Client connections that are open. */
  connections: number;
  /** Those of them that were answered 503 or are being reset because there were too many. */
  refused: number;
  /** HTTP connections to endpoints that are open, used or idle. */
  upstreams: number;
  /** Exchanges and tunnels under way. */
  busy: number;
  /** Monotonic ms at which something last began or ended. */
  lastMs: number;
  isDraining: boolean;
}
