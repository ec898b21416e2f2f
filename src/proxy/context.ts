import type { Activity } from "./activity.ts";
import type { BackendRuntime } from "./backend-runtime.ts";
import type { ProxyLimits } from "./limits.ts";
import type { OverloadGuard } from "./overload-guard.ts";
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
  /** For how long the configuration may have been out of date, in ms; 0 while it is known to be current. */
  readonly staleForMs: () => number;
  /** Whether this proxy's own connections to a Service's address reach that Service, and don't come back to it. */
  readonly reachesServices: boolean;
  readonly activity: Activity;
  readonly overload: OverloadGuard;
  readonly parsers: ParserPool;
}
