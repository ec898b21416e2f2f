import { backoffMs, DEFAULT_BACKOFF_MS } from "../balancing/backoff.ts";
import type { BalancedEndpoint } from "../balancing/balanced-endpoint.ts";
import type { NoCandidateReason } from "../balancing/candidates.ts";
import type { CompiledRule } from "../routing/compiled-rule.ts";
import type { BackendRuntime } from "./backend-runtime.ts";
import type { ProxyContext } from "./context.ts";
import type { Failure } from "./failure.ts";
import type { FrontendRuntime } from "./frontend-runtime.ts";
import type { Http1Upstream, UpstreamFailure, UpstreamUser } from "./http1-upstream.ts";
import type { ResendReason } from "./ports.ts";
import { Deadline } from "./timer-wheel.ts";
import { beginTurn } from "./turn-clock.ts";

/** Whose attempts these are: the exchange. */
export interface AttemptsOwner extends UpstreamUser {
  /** Write the request to a connection that stands; `onSent` or the end of the client's read flushes. */
  send(upstream: Http1Upstream, now: number): void;
  /** The request was written outside of a read of the client: time to flush it, and to read on. */
  onSent(upstream: Http1Upstream): void;
  /** The connection is being established: what is needed of the request must outlive this turn. */
  waitForConnection(): void;
  /** All is tried that may be. */
  onAttemptsFailed(failure: Failure): void;
  /** What of the request was sent could be sent again, and nothing of a response is out. */
  readonly canReplay: boolean;
  /** All of the request is short enough to be kept until its response comes, and is known to be so. */
  readonly isKept: boolean;
  /** The client got a part of a response. */
  readonly hasAnswered: boolean;
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

/** `refused`: no retry is asked for, or none is left, or the request can't be sent again. */
type RetryDecision = "scheduled" | "refused" | "budget-spent";

const WHY_NO_ENDPOINT: Readonly<Record<NoCandidateReason, string>> = {
  "no-endpoints": "has no endpoints",
  "none-ready": "has no endpoint that is ready",
  "none-local": "has no ready endpoint on this node, which its internalTrafficPolicy Local asks for",
  "node-unknown": "has internalTrafficPolicy Local, and the node of this proxy is not known",
};

/**
 * The tries of one request on the endpoints of one backend.
 *
 * Resending (what no endpoint processed goes to another one) is always on unless the rule says
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
  /** The Backend's own address, once a try went there. */
  #serviceAddress: BalancedEndpoint | undefined;
  #isServiceUnreachable = false;
  /** Why the Backend's own address was the last resort. */
  #endpointsFailure: Failure | undefined;
  #tryDeadline: Deadline | undefined;
  #retryDeadline: Deadline | undefined;

  constructor(options: AttemptsOptions) {
    this.#options = options;
  }

  /** The connection that the request was written to, while it is. */
  get attached(): Http1Upstream | undefined {
    return this.#isAttached ? this.#upstream : undefined;
  }

  // --- Beginning a try ------------------------------------------------------------------------------------------

  /**
   * In the client's read that brought the request's head.
   * @param pinned a connection that this client alone may use, and has to
   */
  begin(now: number, pinned: Http1Upstream | undefined): void {
    if (pinned === undefined) {
      this.#attempt(now);
      return;
    }
    pinned.assign(this.#options.owner);
    this.#startTry(pinned.pool.endpoint, now);
    this.#attach(pinned, now);
  }

  #attempt(now: number): void {
    if (this.#begunAtServiceAddress(now)) return;
    const endpoint = this.#pick(now);
    if (endpoint !== undefined) {
      this.#tryOn(endpoint, now);
      return;
    }
    const failure = this.#noEndpoint();
    if (!this.#endedAtServiceAddress(failure, now)) this.#options.owner.onAttemptsFailed(failure);
  }

  /** Long after the configuration was current, the Backend's own address comes before all endpoints. */
  #begunAtServiceAddress(now: number): boolean {
    const { backend, frontend } = this.#options;
    if (this.#isServiceUnreachable) return false;
    const address = backend.firstResort(now, frontend.family);
    if (address === undefined) return false;
    this.#endpointsFailure = undefined;
    this.#tryServiceAddress(address, now);
    return true;
  }

  /** The endpoints may be others than are known, so the Backend's own address comes after all of them. */
  #endedAtServiceAddress(failure: Failure, now: number): boolean {
    const { backend, frontend, rule } = this.#options;
    if (this.#isServiceUnreachable || (rule.retry?.attempts === 0 && this.count > 0)) return false;
    const address = backend.lastResort(frontend.family);
    if (address === undefined) return false;
    this.#endpointsFailure = failure;
    this.#tryServiceAddress(address, now);
    return true;
  }

  #tryServiceAddress(address: BalancedEndpoint, now: number): void {
    this.#serviceAddress = address;
    this.#countResend("cluster_ip");
    this.#tryOn(address, now);
  }

  #noEndpoint(): Failure {
    const { backend, frontend } = this.#options;
    const candidates = backend.endpoints.candidates(frontend.family);
    const why = WHY_NO_ENDPOINT[candidates.kind === "none" ? candidates.reason : "none-ready"];
    return { kind: "no_endpoint", details: `${backend.backend.name} ${why}` };
  }

  #tryOn(endpoint: BalancedEndpoint, now: number): void {
    const { backend, owner } = this.#options;
    const pool = backend.pool(endpoint);
    const reused = pool.take(owner, now, this.#maxIdleMs);
    if (reused === undefined && pool.isFull) {
      const details = `too many requests under way to ${endpoint.name}`;
      owner.onAttemptsFailed({ kind: "overload", details });
      return;
    }
    this.#startTry(endpoint, now);
    if (reused !== undefined && this.#canBeResent) {
      this.#attach(reused, now);
      return;
    }
    this.#upstream = reused ?? pool.connect(owner);
    if (reused !== undefined) setImmediate(attachLate, this, reused);
    owner.waitForConnection();
  }

  /**
   * @internal The end of the turn in which a connection was taken for a request that can't be sent twice. What the
   * kernel knew of the connection is known here by now, above all that the server has closed it.
   */
  attachLate(upstream: Http1Upstream): void {
    // One that is closed tells of it by itself, and the next try begins then.
    if (this.#upstream !== upstream || upstream.wire.isClosed) return;
    const { context, owner } = this.#options;
    this.#attach(upstream, context.now());
    owner.onSent(upstream);
  }

  #startTry(endpoint: BalancedEndpoint, now: number): void {
    const { context, rule } = this.#options;
    this.count++;
    this.tryStartedMs = now;
    this.endpointName = endpoint.name;
    this.#endpoint = endpoint;
    endpoint.start(now);
    if (rule.backendRequestTimeoutMs === 0) return;
    this.#tryDeadline ??= new Deadline(() => this.#timedOut());
    context.wheel.set(this.#tryDeadline, now, rule.backendRequestTimeoutMs);
  }

  /** An endpoint that was not tried yet; else the one that was tried longest ago. */
  #pick(now: number): BalancedEndpoint | undefined {
    const tried = this.#tried;
    let endpoint = this.#choose(now);
    while (endpoint !== undefined && tried.length > 1 && tried.includes(endpoint)) {
      tried.shift();
      endpoint = this.#choose(now);
    }
    return endpoint;
  }

  #choose(now: number): BalancedEndpoint | undefined {
    const { backend, frontend, clientAddress } = this.#options;
    return backend.pick(now, frontend.family, this.#tried, clientAddress);
  }

  /** A request that can't be sent twice must not meet a server that is just closing an idle connection. */
  get #maxIdleMs(): number {
    if (this.#needsNewConnection) return -1;
    return this.#canBeResent ? Number.POSITIVE_INFINITY : this.#options.context.limits.freshConnectionMs;
  }

  get #canBeResent(): boolean {
    const { rule, isIdempotent, owner } = this.#options;
    return isIdempotent && owner.isKept && rule.retry?.attempts !== 0;
  }

  #attach(upstream: Http1Upstream, now: number): void {
    this.#upstream = upstream;
    this.#isAttached = true;
    this.#options.owner.send(upstream, now);
  }

  /** The connection that was waited for stands. */
  connected(upstream: Http1Upstream): void {
    const { context, owner } = this.#options;
    this.#endpoint?.connected();
    this.#attach(upstream, context.now());
    owner.onSent(upstream);
  }

  /** After a try that began when no read of the client was under way. */
  #goOn(): void {
    const { attached } = this;
    if (attached !== undefined) this.#options.owner.onSent(attached);
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
    this.#dropTry();
  }

  #endTry(): void {
    this.#endpoint?.end();
    this.#endpoint = undefined;
    this.#upstream = undefined;
    this.#isAttached = false;
    this.#tryDeadline?.clear();
  }

  #dropTry(): void {
    const upstream = this.#upstream;
    this.#endTry();
    upstream?.abandon();
  }

  /** The current try has taken too long, which counts against its endpoint unless the client is what is slow. */
  blame(now: number): void {
    const { owner } = this.#options;
    if (owner.hasAnswered) return;
    if (!this.#isAttached || owner.isRequestSent || this.#upstream?.wire.isCongested === true) {
      this.#endpoint?.fail(now);
    }
  }

  // --- After a failed try ---------------------------------------------------------------------------------------

  /** The connection of the current try is lost. Tries again, or tells the owner that it is over. */
  onFailed(failure: UpstreamFailure): void {
    const { context, owner } = this.#options;
    const now = context.now();
    const endpoint = this.#endpoint;
    const wasSent = this.#isAttached;
    if (failure.phase !== "connect" && !failure.isReused) endpoint?.fail(now);
    this.#endTry();
    if (failure.phase === "connect") {
      this.#avoid(endpoint);
      if (!this.#resentElsewhere(failure, now)) {
        this.#retryOr(this.#withEndpointsFailure(failure), "connect_failure", now);
      }
    } else if (this.#wasClosedAtRest(failure, wasSent) && this.#mayResend(now)) {
      this.#needsNewConnection = true;
      this.#countResend("reused_connection_closed");
      this.#attempt(now);
      this.#goOn();
    } else {
      owner.onAttemptsFailed(failure);
    }
  }

  /** The server closed the connection while it rested: it saw nothing of the request (RFC 9112, section 9.3.1). */
  #wasClosedAtRest({ phase, isReused }: UpstreamFailure, wasSent: boolean): boolean {
    const { isIdempotent, owner } = this.#options;
    return phase === "request" && isReused && (!wasSent || (isIdempotent && owner.canReplay));
  }

  #mayResend(now: number): boolean {
    const { context, rule, startedMs } = this.#options;
    const { resendEndpoints, resendWindowMs } = context.limits;
    return rule.retry?.attempts !== 0 && this.count < resendEndpoints && now - startedMs < resendWindowMs;
  }

  /** Nothing was sent: goes on at once to what was not tried yet, if there is anything. */
  #resentElsewhere(failure: Failure, now: number): boolean {
    if (!this.#resentToAnother(now) && !this.#endedAtServiceAddress(failure, now)) return false;
    this.#goOn();
    return true;
  }

  #resentToAnother(now: number): boolean {
    if (!this.#mayResend(now)) return false;
    const next = this.#choose(now);
    if (next === undefined || this.#tried.includes(next)) return false;
    this.#countResend("connect_failure");
    this.#tryOn(next, now);
    return true;
  }

  /** That the last resort failed too says less than why it was taken. */
  #withEndpointsFailure(failure: Failure): Failure {
    const first = this.#endpointsFailure;
    return first === undefined
      ? failure
      : { kind: first.kind, details: `${first.details}; ${failure.details}` };
  }

  #avoid(endpoint: BalancedEndpoint | undefined): void {
    if (endpoint === undefined) return;
    if (endpoint === this.#serviceAddress) {
      this.#isServiceUnreachable = true;
      return;
    }
    const index = this.#tried.indexOf(endpoint);
    if (index >= 0) this.#tried.splice(index, 1);
    this.#tried.push(endpoint);
  }

  #countResend(reason: ResendReason): void {
    const { context, frontend } = this.#options;
    context.telemetry.resends(frontend.service, reason).add(1);
  }

  /** Whether a response of this status is not passed on, because the request is sent once more or fails. */
  retriesStatus(status: number): boolean {
    const { context, rule, owner } = this.#options;
    if (rule.retry?.codes.includes(status) !== true) return false;
    const decision = this.#retryLater("retry_status", context.now());
    if (decision === "refused") return false;
    this.#avoid(this.#endpoint);
    this.#dropTry();
    if (decision === "budget-spent") {
      owner.onAttemptsFailed(this.#budgetSpent(`${this.endpointName} answered ${status}`));
    }
    return true;
  }

  #timedOut(): void {
    const { context } = this.#options;
    const now = context.now();
    const wasConnecting = !this.#isAttached;
    this.blame(now);
    this.#avoid(this.#endpoint);
    const details = `${this.endpointName} did not answer within timeouts.backendRequest`;
    if (!this.#options.owner.canReplay) {
      this.#options.owner.onAttemptsFailed({ kind: "timeout", details });
      return;
    }
    this.#dropTry();
    const failure: Failure = { kind: "timeout", details };
    if (wasConnecting && this.#resentElsewhere(failure, now)) return;
    this.#retryOr(failure, "retry_timeout", now);
  }

  /** Tries once more after the backoff; where that may not be, it is over with this failure. */
  #retryOr(failure: Failure, reason: ResendReason, now: number): void {
    const { owner } = this.#options;
    const decision = this.#retryLater(reason, now);
    if (decision === "refused") owner.onAttemptsFailed(failure);
    else if (decision === "budget-spent") owner.onAttemptsFailed(this.#budgetSpent(failure.details));
  }

  /** GEP-3388: a retry that the budget does not allow is answered 503, whatever the last try came to. */
  #budgetSpent(lastTry: string): Failure {
    const { name } = this.#options.backend.backend;
    return { kind: "overload", details: `the retry budget of ${name} is spent; the last try: ${lastTry}` };
  }

  /** Schedules another try if the rule asks for one and everything allows it. */
  #retryLater(reason: ResendReason, now: number): RetryDecision {
    const { context, backend, rule, owner } = this.#options;
    const { retry } = rule;
    if (retry === undefined || this.#retries >= retry.attempts || !owner.canReplay) return "refused";
    if (!backend.retryBudget.tryRetry(now)) return "budget-spent";
    this.#retries++;
    this.#retryDeadline ??= new Deadline(() => this.#retry());
    const delayMs = backoffMs(retry.backoffMs ?? DEFAULT_BACKOFF_MS, this.#retries, context.random());
    this.#countResend(reason);
    context.wheel.set(this.#retryDeadline, now, delayMs);
    return "scheduled";
  }

  #retry(): void {
    this.#isServiceUnreachable = false;
    this.#endpointsFailure = undefined;
    this.#attempt(this.#options.context.now());
    this.#goOn();
  }
}

function attachLate(attempts: Attempts, upstream: Http1Upstream): void {
  beginTurn();
  try {
    attempts.attachLate(upstream);
  } catch (error) {
    upstream.wire.failed(error);
  }
}
