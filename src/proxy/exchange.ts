import { writeLastChunk } from "../http1/body-writer.ts";
import type { FieldTable } from "../http1/field-table.ts";
import { compileHeadEdits, type HeadEdits } from "../http1/head-edits.ts";
import { writeRequestHead } from "../http1/message-writer.ts";
import { writeOwnResponse } from "../http1/own-response.ts";
import type { RequestHead } from "../http1/request-head.ts";
import type { ResponseHead } from "../http1/response-head.ts";
import type { CompiledRule } from "../routing/compiled-rule.ts";
import { type CorsPlan, corsPreflight, corsResponseSteps, isPreflight } from "../routing/cors.ts";
import type { HeaderStep } from "../routing/header-steps.ts";
import { NO_STEPS } from "../routing/header-steps.ts";
import { matchRequest } from "../routing/match-request.ts";
import { pickBackend } from "../routing/pick-backend.ts";
import { type RedirectPlan, redirectLocation } from "../routing/redirect.ts";
import { Attempts, type AttemptsOwner } from "./attempts.ts";
import type { BackendRuntime } from "./backend-runtime.ts";
import type { ProxyContext } from "./context.ts";
import type { ExchangeClient } from "./exchange-client.ts";
import { FAILURES, type Failure, failureAnswer } from "./failure.ts";
import { forwardedHost, forwardedTarget } from "./forwarded-target.ts";
import type { Forwarding, FrontendRuntime } from "./frontend-runtime.ts";
import type { HeadView } from "./head-view.ts";
import type { Http1Upstream, UpstreamFailure } from "./http1-upstream.ts";
import { type LoggedRequest, loggedRequest } from "./logged-request.ts";
import { type Mirrors, startMirrors } from "./mirrored-request.ts";
import { changedFields, type OwnFields } from "./own-fields.ts";
import type { RequestSeries } from "./ports.ts";
import { RequestBody } from "./request-body.ts";
import { ResponseRelay } from "./response-relay.ts";
import { Deadline } from "./timer-wheel.ts";

/** RFC 9110, section 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);
const NO_BODY = Buffer.alloc(0);

/**
 * One request and its response: matched, balanced, sent (more than once if need be), answered, counted.
 *
 * Begins with `begin`; from then on the client's parser and the upstream's parser drive it. It ends exactly once, in
 * `#finish`, whatever fails: with the upstream's response, an answer of the proxy's own, or a closed connection.
 */
export class Exchange implements AttemptsOwner {
  readonly #context: ProxyContext;
  readonly #client: ExchangeClient;
  readonly #frontend: FrontendRuntime;
  readonly #view: HeadView;
  readonly #head: RequestHead;
  readonly #startedMs: number;
  readonly #body: RequestBody;
  readonly #relay: ResponseRelay;
  readonly #isHead: boolean;
  readonly #logged: LoggedRequest | undefined;

  #rule: CompiledRule | undefined;
  #forwarding: Forwarding | undefined;
  #backend: BackendRuntime | undefined;
  #attempts: Attempts | undefined;
  /** How the route changes the fields of a response, for answers of the proxy's own and for others. */
  #responseSteps: readonly HeaderStep[] = NO_STEPS;
  #responseEdits: HeadEdits | undefined;
  #mirrors: Mirrors | undefined;
  #deadline: Deadline | undefined;
  #upstreamMs: number | undefined;
  #failure: Failure | undefined;
  /** Body bytes of an answer of the proxy's own. */
  #ownBytes = 0;
  /** What the client was told; 0 before. */
  #status = 0;
  #isDone = false;

  constructor(
    context: ProxyContext,
    client: ExchangeClient,
    frontend: FrontendRuntime,
    request: HeadView,
    now: number,
  ) {
    const { head } = request;
    this.#context = context;
    this.#client = client;
    this.#frontend = frontend;
    this.#view = request;
    this.#head = head;
    this.#startedMs = now;
    this.#body = new RequestBody(head, context.limits.retryBodyBytes);
    this.#relay = new ResponseRelay(client.wire, head);
    this.#isHead = head.method === "HEAD";
    this.#logged = context.accessLog === undefined ? undefined : loggedRequest(request);
    context.activity.exchanges++;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** More of the request can be taken now. */
  get wantsBody(): boolean {
    return this.#isDone || this.#attempts?.attached !== undefined;
  }

  get isRequestComplete(): boolean {
    return this.#body.isComplete;
  }

  get isRequestSent(): boolean {
    return this.#body.isComplete;
  }

  get canReplay(): boolean {
    return this.#body.canReplay && !this.#relay.hasBegun;
  }

  get isKept(): boolean {
    return this.#body.isShort;
  }

  get hasAnswered(): boolean {
    return this.#relay.hasBegun;
  }

  get isSticky(): boolean {
    const { pinned } = this.#client;
    return pinned !== undefined && pinned === this.#attempts?.attached;
  }

  // --- What the rule says ---------------------------------------------------------------------------------------

  begin(): void {
    const { overload, activity } = this.#context;
    if (overload.refuses(activity.exchanges)) {
      this.#fail({ kind: "overload", details: "the proxy has more under way than it can keep up with" });
      return;
    }
    const rule = matchRequest(this.#frontend.compiled, this.#view);
    if (rule === undefined) {
      const details = `no rule of the routes for ${this.#frontend.frontend.name} matches the request`;
      this.#fail({ kind: "no_route", details });
      return;
    }
    this.#rule = rule;
    const { action } = rule;
    switch (action.kind) {
      case "fail":
        this.#fail({ kind: "backend_invalid", details: action.message });
        return;
      case "redirect":
        if (this.#answeredPreflight(rule.cors)) return;
        this.#responseSteps = this.#stepsWith(rule.cors, action.responseHeaderSteps);
        this.#redirect(action.redirect);
        return;
      case "forward":
        this.#forward(rule, this.#frontend.forwarding(rule, pickBackend(action, this.#context.random())));
    }
  }

  #forward(rule: CompiledRule, forwarding: Forwarding): void {
    const { plan } = forwarding;
    this.#forwarding = forwarding;
    if (this.#answeredPreflight(plan.cors)) return;
    this.#responseSteps = this.#stepsWith(plan.cors, plan.responseHeaderSteps);
    if (plan.redirect !== undefined) {
      this.#redirect(plan.redirect);
      return;
    }
    if (plan.target.kind === "fail") {
      this.#fail({ kind: "backend_invalid", details: plan.target.message });
      return;
    }
    const backend = this.#context.backend(plan.target.name);
    if (backend === undefined) {
      this.#fail({ kind: "no_endpoint", details: `${plan.target.name} no longer exists` });
    } else if (backend.backend.protocol === "http2") {
      this.#fail({ kind: "backend_invalid", details: `${plan.target.name} takes HTTP/2 only` });
    } else {
      this.#sendTo(backend, rule, forwarding);
    }
  }

  #sendTo(backend: BackendRuntime, rule: CompiledRule, forwarding: Forwarding): void {
    const { plan } = forwarding;
    const now = this.#startedMs;
    this.#backend = backend;
    this.#responseEdits =
      plan.cors === undefined ? forwarding.responseEdits : compileHeadEdits(this.#responseSteps);
    if (rule.requestTimeoutMs > 0) {
      this.#deadline = new Deadline(() => this.#timedOut());
      this.#context.wheel.set(this.#deadline, now, rule.requestTimeoutMs);
    }
    if (rule.retry !== undefined) {
      backend.retryBudget.onRequest(now);
      this.#client.retainHead();
      this.#body.keepForReplay();
    }
    this.#attempts = new Attempts({
      context: this.#context,
      frontend: this.#frontend,
      backend,
      rule,
      owner: this,
      isIdempotent: IDEMPOTENT.has(this.#head.method),
      startedMs: now,
      clientAddress: this.#client.address,
    });
    this.#attempts.begin(now, this.#takePinned(backend));
    if (plan.mirrors.length > 0 && !this.#isDone) this.#startMirrors(forwarding);
  }

  #stepsWith(cors: CorsPlan | undefined, steps: readonly HeaderStep[]): readonly HeaderStep[] {
    return cors === undefined ? steps : [...steps, ...corsResponseSteps(cors, this.#view)];
  }

  #startMirrors(forwarding: Forwarding): void {
    this.#mirrors = startMirrors({
      context: this.#context,
      frontend: this.#frontend,
      forwarding,
      head: this.#head,
      target: forwardedTarget(forwarding.plan.rewrite, this.#head),
      hasBody: !this.#body.isComplete,
    });
  }

  #takePinned(backend: BackendRuntime): Http1Upstream | undefined {
    const { pinned } = this.#client;
    return pinned?.isIdle === true && backend.owns(pinned.pool) ? pinned : undefined;
  }

  // --- The request ----------------------------------------------------------------------------------------------

  waitForConnection(): void {
    this.#client.retainHead();
  }

  onConnected(upstream: Http1Upstream): void {
    this.#attempts?.connected(upstream);
  }

  onSent(upstream: Http1Upstream): void {
    this.#client.releaseRequest();
    upstream.wire.flush();
  }

  send(upstream: Http1Upstream, now: number): void {
    const forwarding = this.#forwarding as Forwarding;
    const head = this.#head;
    const { out } = upstream.wire;
    upstream.beginRequest(head.method, head.isUpgrade, now);
    writeRequestHead(out, head, {
      edits: forwarding.requestEdits,
      target: forwardedTarget(forwarding.plan.rewrite, head),
      host: forwardedHost(forwarding.plan.rewrite, head, this.#frontend.authority),
    });
    // A reused connection may turn out to be closed: what can be sent again is kept until a response comes.
    if (upstream.isReused && IDEMPOTENT.has(head.method)) {
      this.#client.retainHead();
      this.#body.keepForReplay();
    }
    this.#body.replayTo(out);
  }

  onRequestData(buffer: Buffer, start: number, end: number): void {
    if (this.#isDone) return;
    this.#body.append(buffer, start, end);
    const upstream = this.#attempts?.attached;
    if (upstream !== undefined) this.#body.write(upstream.wire.out, buffer, start, end);
    this.#mirrors?.onRequestData(buffer, start, end);
  }

  onRequestEnd(trailers: FieldTable | undefined): void {
    if (this.#isDone || this.#body.isComplete) return;
    this.#body.complete(trailers);
    const upstream = this.#attempts?.attached;
    if (upstream !== undefined && this.#body.isChunked) writeLastChunk(upstream.wire.out, trailers);
    this.#mirrors?.onRequestEnd(trailers);
  }

  /** The read that brought parts of the request is over: time to send them. */
  flushRequest(): void {
    const upstream = this.#attempts?.attached;
    if (upstream === undefined) return;
    upstream.wire.flush();
    if (upstream.wire.isCongested) this.#client.holdRequest(upstream);
  }

  /** The request can't be read further. */
  onRequestFailed(failure: Failure): void {
    this.#fail(failure);
  }

  onClientClosed(): void {
    if (this.#isDone) return;
    this.#attempts?.abandon();
    this.#failure = { kind: "client_closed", details: "the client closed the connection" };
    this.#record();
  }

  onUpstreamDrained(): void {
    this.#client.releaseRequest();
  }

  onUpstreamFailed(failure: UpstreamFailure): void {
    if (this.#relay.hasBegun) this.#fail(failure);
    else this.#attempts?.onFailed(failure);
  }

  onAttemptsFailed(failure: Failure): void {
    this.#fail(failure);
  }

  #timedOut(): void {
    this.#attempts?.blame(this.#context.now());
    this.#fail({ kind: "timeout", details: "no complete response within timeouts.request" });
  }

  // --- The response ---------------------------------------------------------------------------------------------

  onInformational(head: ResponseHead): void {
    // The server of a further try invites a body that came long ago.
    if (head.status === 100 && this.#body.bytes > 0 && (this.#attempts?.count ?? 0) > 1) return;
    this.#relay.informational(head);
  }

  onResponseHead(head: ResponseHead): void {
    const attempts = this.#attempts;
    if (attempts === undefined) return;
    if (attempts.retriesStatus(head.status)) return;
    this.#upstreamMs = this.#context.now() - attempts.tryStartedMs;
    if (this.#head.hasStickyAuthentication || head.hasStickyAuthentication) this.#pin(attempts.attached);
    if (head.status === 101 && !this.#body.isComplete) {
      // The rest of the body would be taken for the new protocol's bytes.
      this.#fail({ kind: "response_malformed", details: "101 before the end of the request" });
      return;
    }
    this.#status = head.status;
    // Before the request's end nobody knows whether the rest of it will ever be read: no other request may follow.
    this.#relay.head(head, this.#responseEdits, this.#client.canKeepAlive && this.#body.isComplete);
    if (head.status === 101) this.#switchProtocols(attempts);
  }

  #pin(upstream: Http1Upstream | undefined): void {
    const { pinned } = this.#client;
    if (pinned === upstream) return;
    pinned?.close();
    this.#client.pinned = upstream;
  }

  onResponseData(buffer: Buffer, start: number, end: number): void {
    this.#relay.data(buffer, start, end);
  }

  onResponseTrailers(trailers: FieldTable): void {
    this.#relay.trailers(trailers);
  }

  onResponseEnd(): void {
    this.#relay.end();
    this.#attempts?.complete();
    this.#client.flushResponse();
    this.#finish(this.#relay.keepsAlive);
  }

  onResponseFlush(): void {
    this.#client.flushResponse();
    if (this.#client.wire.isCongested) this.#attempts?.attached?.wire.pause();
  }

  onClientDrained(): void {
    this.#attempts?.attached?.wire.resume();
  }

  #switchProtocols(attempts: Attempts): void {
    const upstream = attempts.attached;
    if (upstream === undefined) return;
    this.#client.flushResponse();
    const endpoint = attempts.handOver();
    const { activity } = this.#context;
    activity.streams++;
    this.#record();
    this.#client.becomeTunnel(upstream, () => {
      endpoint?.end();
      activity.streams--;
      activity.lastMs = this.#context.now();
    });
  }

  // --- Answers of the proxy's own -------------------------------------------------------------------------------

  #answeredPreflight(cors: CorsPlan | undefined): boolean {
    if (cors === undefined || !isPreflight(this.#view)) return false;
    const { status, headers } = corsPreflight(cors, this.#view);
    const fields = headers.map(({ name, value }) => [name, value] as const);
    this.#answer(status, fields, NO_BODY, true);
    return true;
  }

  #redirect(redirect: RedirectPlan): void {
    const { status, location } = redirectLocation(redirect, this.#view, this.#frontend.compiled.origin);
    this.#answer(status, changedFields([["Location", location]], this.#responseSteps), NO_BODY, true);
  }

  #fail(failure: Failure): void {
    if (this.#isDone) return;
    this.#failure = failure;
    this.#attempts?.abandon();
    if (this.#relay.hasBegun) {
      // Part of a response is out: only the end of the connection tells the client that the rest is missing.
      try {
        this.#record();
      } finally {
        this.#client.breakOff(this.#relay.endsWithConnection);
      }
      return;
    }
    const { status, fields, body } = failureAnswer(failure);
    this.#answer(status, changedFields(fields, this.#responseSteps), body, !FAILURES[failure.kind].closes);
  }

  #answer(status: number, fields: OwnFields, body: Buffer, mayKeepAlive: boolean): void {
    const { wire, canKeepAlive } = this.#client;
    // HTTP/1.0 takes an answer without `Connection: keep-alive` for the last one; it is not worth a field here.
    const canSkip = this.#body.canSkip(this.#context.limits.skippedBodyBytes);
    const keepsAlive = mayKeepAlive && canKeepAlive && canSkip && this.#head.versionMinor === 1;
    this.#status = status;
    this.#ownBytes = this.#isHead ? 0 : body.length;
    writeOwnResponse(wire.out, { status, fields, body, isHead: this.#isHead, close: !keepsAlive });
    this.#finish(keepsAlive);
  }

  // --- The end --------------------------------------------------------------------------------------------------

  #finish(keepsAlive: boolean): void {
    if (this.#isDone) return;
    // Whatever goes wrong in the books, the client's connection goes on.
    try {
      this.#record();
    } finally {
      this.#client.exchangeEnded(keepsAlive);
    }
  }

  #record(): void {
    const { activity } = this.#context;
    const now = this.#context.now();
    this.#isDone = true;
    activity.exchanges--;
    activity.lastMs = now;
    this.#deadline?.clear();
    this.#mirrors?.onExchangeEnd();
    const durationMs = now - this.#client.requestBeganMs;
    this.#outcome.record(this.#status, undefined, durationMs / 1_000);
    if (this.#failure !== undefined) this.#frontend.countFailure(this.#failure.kind);
    if (this.#logged !== undefined) this.#log(this.#logged, durationMs);
  }

  get #outcome(): RequestSeries {
    return this.#forwarding?.outcome ?? this.#frontend.outcomeWithoutBackend(this.#rule);
  }

  #log(request: LoggedRequest, durationMs: number): void {
    const { service } = this.#frontend;
    this.#context.accessLog?.({
      ...request,
      service,
      route: this.#rule?.labels,
      backend: this.#backend?.labels,
      endpoint: this.#attempts?.endpointName ?? "",
      status: this.#status,
      failure: this.#failure?.kind,
      tries: this.#attempts?.count ?? 0,
      bytesReceived: this.#body.bytes,
      bytesSent: this.#relay.bytes + this.#ownBytes,
      durationMs,
      upstreamMs: this.#upstreamMs,
    });
  }
}
