import { type BalancedEndpoint, isEndpointFailure } from "../balancing/balanced-endpoint.ts";
import type { ProxyContext } from "./context.ts";
import { Http1Upstream, type UpstreamUser } from "./http1-upstream.ts";
import type { Counter } from "./ports.ts";

/** A server's `Keep-Alive: timeout=N` is believed up to this. */
const LONGEST_IDLE_MS = 60_000;
/** Who closes sooner than this does not do it because the connection was idle. */
const SHORTEST_IDLE_MS = 250;

/**
 * The connections to one endpoint. The last one given back is the first one taken: the others go idle and close.
 *
 * An idle connection is closed before the server would close it. When that is, is learned: the limit starts at a
 * value below what common servers use, and shrinks to three quarters of the age at which a server was seen closing.
 */
export class EndpointPool {
  readonly context: ProxyContext;
  readonly endpoint: BalancedEndpoint;
  readonly #idle: Http1Upstream[] = [];
  readonly #open: Counter;
  readonly #connectFailures: Counter;
  #openConnections = 0;
  /** What the server says of itself, or what is assumed of it. */
  #announcedIdleMs: number;
  /** What was seen of it; that counts more. */
  #observedIdleMs = LONGEST_IDLE_MS;
  #isRetired = false;

  constructor(
    context: ProxyContext,
    endpoint: BalancedEndpoint,
    counters: { readonly open: Counter; readonly connectFailures: Counter },
  ) {
    this.context = context;
    this.endpoint = endpoint;
    this.#announcedIdleMs = context.limits.upstreamIdleTimeoutMs;
    this.#open = counters.open;
    this.#connectFailures = counters.connectFailures;
  }

  /** For messages: `10.0.0.7:8080`. */
  get name(): string {
    return this.endpoint.name;
  }

  get openConnections(): number {
    return this.#openConnections;
  }

  /** True when another connection would exceed the bound for one endpoint. */
  get isFull(): boolean {
    return this.#openConnections - this.#idle.length >= this.context.limits.pendingPerEndpoint;
  }

  /**
   * An idle connection, given to `user`.
   * @param maxIdleMs no connection that rested longer: for requests that must not meet a closing server
   */
  take(user: UpstreamUser, now: number, maxIdleMs: number): Http1Upstream | undefined {
    const limitMs = Math.min(maxIdleMs, this.idleTimeoutMs);
    for (let upstream = this.#idle.at(-1); upstream !== undefined; upstream = this.#idle.at(-1)) {
      if (now - upstream.idleSinceMs > limitMs) return undefined;
      this.#idle.pop();
      if (!upstream.isIdle) continue;
      upstream.assign(user);
      return upstream;
    }
    return undefined;
  }

  /** A new connection; `user` hears of it when it stands or failed, never before this returns. */
  connect(user: UpstreamUser): Http1Upstream {
    this.#openConnections++;
    this.context.activity.upstreams++;
    this.#open.add(1);
    return new Http1Upstream(this, user);
  }

  /** Keeps a connection whose exchange is complete. */
  give(upstream: Http1Upstream): void {
    const { limits, activity } = this.context;
    if (
      this.#isRetired ||
      upstream.wire.isClosed ||
      this.#idle.length >= limits.idlePerEndpoint ||
      // As many as there may be clients: together they stay within the limit on open files.
      activity.upstreams > limits.maxConnections
    ) {
      upstream.close();
      return;
    }
    upstream.rest(this.context.now(), this.idleTimeoutMs);
    this.#idle.push(upstream);
  }

  /**
   * Lets a connection rest that only its present user may take again: for as long as that client's own connection,
   * since closing it would take the client's authentication away.
   */
  keepForOwner(upstream: Http1Upstream): void {
    if (this.#isRetired || upstream.wire.isClosed) upstream.close();
    else upstream.rest(this.context.now(), this.context.limits.downstreamIdleTimeoutMs);
  }

  /** How long a connection rests here at most. */
  get idleTimeoutMs(): number {
    return Math.min(this.#announcedIdleMs, this.#observedIdleMs);
  }

  /** The server closed a connection that had rested since `idleSinceMs`: the next ones rest less. */
  foundClosed(idleSinceMs: number): void {
    const age = this.context.now() - idleSinceMs;
    if (age < SHORTEST_IDLE_MS) return;
    this.#observedIdleMs = Math.max(SHORTEST_IDLE_MS, Math.min(this.#observedIdleMs, age * 0.75));
  }

  /** The server said how long it keeps connections (`Keep-Alive: timeout`). */
  learnIdleTimeout(seconds: number): void {
    const limit = Math.min(LONGEST_IDLE_MS, seconds * 1_000 - 1_000, seconds * 750);
    this.#announcedIdleMs = Math.max(SHORTEST_IDLE_MS, limit);
  }

  responded(now: number, latencyMs: number, status: number): void {
    if (isEndpointFailure(status)) this.endpoint.fail(now);
    else this.endpoint.respond(now, latencyMs);
  }

  connectFailed(): void {
    this.#connectFailures.add(1);
    this.endpoint.connectFailed(this.context.now(), this.context.random());
  }

  /** @internal A connection that was closed, or whose tunnel ended. */
  closed(upstream: Http1Upstream): void {
    this.#openConnections--;
    this.context.activity.upstreams--;
    this.#open.add(-1);
    const index = this.#idle.indexOf(upstream);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  /** Counts a connection that carries a byte stream and is never reused; `streamClosed` ends it. */
  streamOpened(): void {
    this.#openConnections++;
    this.#open.add(1);
  }

  streamClosed(): void {
    this.#openConnections--;
    this.#open.add(-1);
  }

  /** The endpoint is gone: idle connections close now, the others when their exchange ends. */
  retire(): void {
    this.#isRetired = true;
    for (const upstream of this.#idle.splice(0)) upstream.close();
  }
}
