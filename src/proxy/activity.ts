/** How much is going on: what drain waits for, and what the limits count. */
export class Activity {
  /** Client connections that are open. */
  connections = 0;
  /** Those of them that were answered 503 or are being reset because there were too many. */
  refused = 0;
  /** HTTP connections to endpoints that are open, used or idle. */
  upstreams = 0;
  /** Requests under way. */
  exchanges = 0;
  /** Copies of requests under way; nothing waits for them. */
  mirrors = 0;
  /** Tunnels and opaque connections. */
  streams = 0;
  /** Monotonic ms at which something last began or ended. */
  lastMs: number;
  isDraining = false;

  constructor(nowMs: number) {
    this.lastMs = nowMs;
  }

  /** What a drain waits for. */
  get busy(): number {
    return this.exchanges + this.streams;
  }
}
