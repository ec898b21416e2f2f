import type { BalancedEndpoint } from "../balancing/balanced-endpoint.ts";
import { backoffMs, DEFAULT_BACKOFF_MS } from "../balancing/resend.ts";
import type { CompiledRule } from "../routing/compiled-rule.ts";
import type { BackendRuntime } from "./backend-runtime.ts";
import type { ProxyContext } from "./context.ts";
import type { Failure } from "./failure.ts";
import type { FrontendRuntime } from "./frontend-runtime.ts";
import type { Http1Upstream, UpstreamFailure, UpstreamUser } from "./http1-upstream.ts";
import type { ResendReason } from "./ports.ts";
import { Deadline } from "./timer-wheel.ts";

/** Whose attempts these are: the exchange. */
export interface AttemptsOwner extends UpstreamUser {
  /** Write the request to a connection that stands. The caller flushes. */
  send(upstream: Http1Upstream, now: number): void;
  /** The connection is being established: what is needed of the request must outlive this turn. */
  waitForConnection(): void;
  /** All is tried that may be. */
  onAttemptsFailed(failure: Failure): void;
  /** What of the body was sent could be sent again. */
  readonly canReplay: boolean;
}

export interface AttemptsOptions {
  readonly context: ProxyContext;
  readonly frontend: FrontendRuntime;
  readonly backend: BackendRuntime;
  readonly rule: CompiledRule;
  readonly owner: AttemptsOwner;
  readonly isIdempotent: boolean;
  readonly startedMs: number;
  /** Whom session affinity binds. */
  readonly clientAddress: string;
}

/**
 * The tries of one request on the endpoints of one backend.
 *
 * Resending (architecture: what no endpoint processed goes to another one) is always on unless the rule says
 * `retry.attempts: 0`; retrying is what a rule's `retry` asks for (GEP-1731). One try is under way at a time.
 */
export class Attempts {
  /** Tries begun. */
  count = 0;
  /** Of the last try; for the log. */
  endpointName = "";
  /** When the last try began. */
  tryStartedMs = 0;
  readonly #options: AttemptsOptions;
  readonly #tried: BalancedEndpoint[] = [];
  #upstream: Http1Upstream | undefined;
  #endpoint: BalancedEndpoint | undefined;
  #isAttached = false;
  #retries = 0;
  #needsNewConnection = false;
  #tryDeadline: Deadline | undefined;
  #retryDeadline: Deadline | undefined;

  constructor(options: AttemptsOptions) {
    this.#options = options;
  }

  /** The connection that the request was written to, while it is. */
  get attached(): Http1Upstream | undefined {
    return this.#isAttached ? this.#upstream : undefined;
  }

  get endpoint(): BalancedEndpoint | undefined {
    return this.#endpoint;
  }

  // --- Beginning a try ------------------------------------------------------------------------------------------

  /** @param pinned a connection that this client alone may use, and has to */
  begin(now: number, pinned: Http1Upstream | undefined): void {
    if (pinned === undefined) {
      this.#attempt(now);
      return;
    }
    pinned.assign(this.#options.owner);
    this.count++;
    this.tryStartedMs = now;
    this.endpointName = pinned.pool.name;
    this.#attach(pinned, now);
  }

  #attempt(now: number): void {
    const { backend, owner } = this.#options;
    const endpoint = this.#pick(now);
    if (endpoint === undefined) {
      const details = `${backend.backend.name} has no endpoint that takes traffic`;
      owner.onAttemptsFailed({ kind: "no_endpoint", details });
      return;
    }
    const pool = backend.pool(endpoint);
    this.count++;
    this.tryStartedMs = now;
    this.endpointName = endpoint.name;
    const reused = pool.take(owner, now, this.#maxIdleMs);
    if (reused === undefined && pool.isFull) {
      const details = `too many requests under way to ${endpoint.name}`;
      owner.onAttemptsFailed({ kind: "overload", details });
      return;
    }
    this.#endpoint = endpoint;
    endpoint.start(now);
    if (reused !== undefined) {
      this.#attach(reused, now);
      return;
    }
    this.#upstream = pool.connect(owner);
    owner.waitForConnection();
  }

  #pick(now: number): BalancedEndpoint | undefined {
    const { backend, frontend, clientAddress } = this.#options;
    return backend.pick(now, frontend.family, this.#tried, clientAddress);
  }

  /** A request that can't be sent twice must not meet a server that is just closing an idle connection. */
  get #maxIdleMs(): number {
    const { context, isIdempotent } = this.#options;
    if (this.#needsNewConnection) return -1;
    return isIdempotent ? Number.POSITIVE_INFINITY : context.limits.freshConnectionMs;
  }

  #attach(upstream: Http1Upstream, now: number): void {
    const { context, rule, owner } = this.#options;
    this.#upstream = upstream;
    this.#isAttached = true;
    owner.send(upstream, now);
    if (rule.backendRequestTimeoutMs === 0) return;
    this.#tryDeadline ??= new Deadline(this.#onTryTimeout);
    context.wheel.set(this.#tryDeadline, now, rule.backendRequestTimeoutMs);
  }

  /** The connection that was waited for stands. */
  connected(upstream: Http1Upstream): void {
    this.#endpoint?.connected();
    this.#attach(upstream, this.#options.context.now());
  }

  // --- Ending a try ---------------------------------------------------------------------------------------------

  /** The response is complete. */
  complete(): void {
    this.#endTry();
  }

  /** The connection is a byte stream from now on, and its endpoint the caller's to end. */
  handOver(): BalancedEndpoint | undefined {
    const endpoint = this.#endpoint;
    this.#endpoint = undefined;
    this.#endTry();
    return endpoint;
  }

  /** Stops everything: nothing of this is heard again. */
  abandon(): void {
    this.#retryDeadline?.clear();
    const upstream = this.#upstream;
    this.#endTry();
    upstream?.abandon();
  }

  #endTry(): void {
    this.#endpoint?.end();
    this.#endpoint = undefined;
    this.#upstream = undefined;
    this.#isAttached = false;
    this.#tryDeadline?.clear();
  }

  /** The current try does not count as a success of its endpoint. */
  blame(now: number): void {
    this.#endpoint?.fail(now);
  }

  // --- After a failed try ---------------------------------------------------------------------------------------

  /** The connection of the current try is lost. Tries again, or tells the owner that it is over. */
  onFailed(failure: UpstreamFailure): void {
    const { context, owner } = this.#options;
    const now = context.now();
    const endpoint = this.#endpoint;
    if (failure.phase !== "connect" && !failure.isReused) this.blame(now);
    this.#endTry();
    if (failure.phase === "connect") {
      if (endpoint !== undefined) this.#tried.push(endpoint);
      if (this.#mayResend(now) && this.#hasUntriedEndpoint(now)) this.#resend("connect_failure", now);
      else if (!this.#retryLater("connect_failure", now)) owner.onAttemptsFailed(failure);
    } else if (this.#wasClosedAtRest(failure) && this.#mayResend(now)) {
      this.#needsNewConnection = true;
      this.#resend("reused_connection_closed", now);
    } else {
      owner.onAttemptsFailed(failure);
    }
  }

  /** The server closed the connection while it rested: it saw nothing of the request (RFC 9112, section 9.3.1). */
  #wasClosedAtRest({ phase, isReused }: UpstreamFailure): boolean {
    const { isIdempotent, owner } = this.#options;
    return phase === "request" && isReused && isIdempotent && owner.canReplay;
  }

  #mayResend(now: number): boolean {
    const { context, rule, startedMs } = this.#options;
    const { resendEndpoints, resendWindowMs } = context.limits;
    return rule.retry?.attempts !== 0 && this.count < resendEndpoints && now - startedMs < resendWindowMs;
  }

  #hasUntriedEndpoint(now: number): boolean {
    const next = this.#pick(now);
    return next !== undefined && !this.#tried.includes(next);
  }

  #resend(reason: ResendReason, now: number): void {
    const { context, frontend } = this.#options;
    context.telemetry.resends(frontend.service, reason).add(1);
    this.#attempt(now);
    this.attached?.wire.flush();
  }

  /** Whether a response of this status is not passed on, because the request is sent once more. */
  retriesStatus(status: number): boolean {
    const { context, rule } = this.#options;
    if (rule.retry?.codes.includes(status) !== true) return false;
    const endpoint = this.#endpoint;
    if (!this.#retryLater("retry_status", context.now())) return false;
    this.#dropTry(endpoint);
    return true;
  }

  readonly #onTryTimeout = (): void => {
    const now = this.#options.context.now();
    this.blame(now);
    const endpoint = this.#endpoint;
    const name = this.endpointName;
    if (this.#retryLater("retry_timeout", now)) {
      this.#dropTry(endpoint);
      return;
    }
    const details = `${name} did not answer within timeouts.backendRequest`;
    this.#options.owner.onAttemptsFailed({ kind: "timeout", details });
  };

  #dropTry(endpoint: BalancedEndpoint | undefined): void {
    if (endpoint !== undefined) this.#tried.push(endpoint);
    const upstream = this.#upstream;
    this.#endTry();
    upstream?.abandon();
  }

  /** Schedules another try if the rule asks for one and everything allows it. */
  #retryLater(reason: ResendReason, now: number): boolean {
    const { context, frontend, backend, rule, owner } = this.#options;
    const { retry } = rule;
    if (retry === undefined || this.#retries >= retry.attempts || !owner.canReplay) return false;
    if (!backend.retryBudget.tryRetry(now)) return false;
    this.#retries++;
    this.#retryDeadline ??= new Deadline(this.#onRetry);
    const delayMs = backoffMs(retry.backoffMs ?? DEFAULT_BACKOFF_MS, this.#retries, context.random());
    context.telemetry.resends(frontend.service, reason).add(1);
    context.wheel.set(this.#retryDeadline, now, delayMs);
    return true;
  }

  readonly #onRetry = (): void => {
    this.#attempt(this.#options.context.now());
    this.attached?.wire.flush();
  };
}
