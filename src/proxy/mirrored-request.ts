import type { BalancedEndpoint } from "../balancing/balanced-endpoint.ts";
import { writeChunk, writeLastChunk } from "../http1/body-writer.ts";
import type { FieldTable } from "../http1/field-table.ts";
import { writeRequestHead } from "../http1/message-writer.ts";
import { OutBuffer } from "../http1/out-buffer.ts";
import { Framing } from "../http1/parser-event.ts";
import type { RequestHead } from "../http1/request-head.ts";
import { shouldMirror } from "../routing/mirror.ts";
import type { BackendRuntime } from "./backend-runtime.ts";
import type { ProxyContext } from "./context.ts";
import { forwardedHost } from "./forwarded-target.ts";
import type { Forwarding, FrontendRuntime } from "./frontend-runtime.ts";
import type { Http1Upstream, UpstreamUser } from "./http1-upstream.ts";
import type { MirrorResult } from "./ports.ts";
import { Deadline } from "./timer-wheel.ts";

interface MirrorOptions {
  readonly context: ProxyContext;
  readonly frontend: FrontendRuntime;
  readonly forwarding: Forwarding;
  readonly head: RequestHead;
  readonly target: string | undefined;
  readonly hasBody: boolean;
}

/** The copies of one request. */
export class Mirrors {
  readonly #requests: readonly MirroredRequest[];

  constructor(requests: readonly MirroredRequest[]) {
    this.#requests = requests;
  }

  onRequestData(buffer: Buffer, start: number, end: number): void {
    for (const request of this.#requests) request.onRequestData(buffer, start, end);
  }

  onRequestEnd(trailers: FieldTable | undefined): void {
    for (const request of this.#requests) request.onRequestEnd(trailers);
  }

  /** What has not come of the request by now never comes. */
  onExchangeEnd(): void {
    for (const request of this.#requests) request.onExchangeEnd();
  }
}

/** Starts a copy of the request for each mirror filter that takes it. */
export function startMirrors(options: MirrorOptions): Mirrors | undefined {
  const { context, frontend, forwarding, head } = options;
  let mirrors: MirroredRequest[] | undefined;
  for (const mirror of forwarding.plan.mirrors) {
    if (!shouldMirror(mirror.fraction, context.random())) continue;
    const backend = context.backend(mirror.backend);
    if (backend === undefined) continue;
    // A byte stream has no response to ignore, and HTTP/1.1 can't be said to a server that takes HTTP/2 only.
    const isOverLimit = context.activity.mirrors >= context.limits.mirrors;
    if (isOverLimit || head.isUpgrade || backend.backend.protocol === "http2") {
      context.telemetry.mirrored(frontend.service, backend.labels, "dropped").add(1);
      continue;
    }
    mirrors ??= [];
    mirrors.push(new MirroredRequest(options, backend));
  }
  return mirrors && new Mirrors(mirrors);
}

/**
 * A copy of a request as its backend gets it, filters applied, sent once to one endpoint (RequestMirror: its response
 * is ignored); tries of the request do not repeat it. It never holds up the request it copies: what it can't send at
 * once waits up to a bound, beyond which the copy is given up.
 */
class MirroredRequest implements UpstreamUser {
  readonly isSticky = false;
  readonly #context: ProxyContext;
  readonly #frontend: FrontendRuntime;
  readonly #backend: BackendRuntime;
  readonly #isChunked: boolean;
  readonly #method: string;
  readonly #deadline: Deadline;
  #endpoint: BalancedEndpoint | undefined;
  #upstream: Http1Upstream | undefined;
  /** What waits for the connection. */
  #waiting: OutBuffer | undefined;
  #isComplete: boolean;
  #isOver = false;

  constructor(
    { context, frontend, forwarding, head, target, hasBody }: MirrorOptions,
    backend: BackendRuntime,
  ) {
    this.#context = context;
    this.#frontend = frontend;
    this.#backend = backend;
    this.#isChunked = head.framing === Framing.Chunked;
    this.#isComplete = !hasBody;
    this.#method = head.method;
    this.#deadline = new Deadline(this.#onDue);
    const waiting = new OutBuffer(1_024);
    writeRequestHead(waiting, head, {
      edits: forwarding.requestEdits,
      target,
      host: forwardedHost(forwarding.plan.rewrite, head, frontend.authority),
    });
    this.#waiting = waiting;
    this.#start();
  }

  get isRequestSent(): boolean {
    return this.#isComplete && this.#waiting === undefined;
  }

  #start(): void {
    this.#context.activity.mirrors++;
    const now = this.#context.now();
    const endpoint = this.#backend.pick(now, this.#frontend.family, [], "");
    if (endpoint === undefined) {
      this.#end("failed");
      return;
    }
    const pool = this.#backend.pool(endpoint);
    if (pool.isFull) {
      this.#end("dropped");
      return;
    }
    this.#endpoint = endpoint;
    endpoint.start(now);
    const { mirrorTimeoutMs, freshConnectionMs } = this.#context.limits;
    this.#context.wheel.set(this.#deadline, now, mirrorTimeoutMs);
    // A copy is sent once: it must not meet a server that is just closing an idle connection.
    const reused = pool.take(this, now, freshConnectionMs);
    if (reused === undefined) this.#upstream = pool.connect(this);
    else this.#attach(reused);
  }

  onConnected(upstream: Http1Upstream): void {
    this.#endpoint?.connected();
    this.#attach(upstream);
  }

  #attach(upstream: Http1Upstream): void {
    this.#upstream = upstream;
    upstream.beginRequest(this.#method, false, this.#context.now());
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) upstream.wire.out.bytes(waiting.buffer, 0, waiting.length);
    upstream.wire.flush();
  }

  onRequestData(buffer: Buffer, start: number, end: number): void {
    if (this.#isOver) return;
    const out = this.#waiting ?? this.#upstream?.wire.out;
    if (out === undefined) return;
    if (this.#isChunked) writeChunk(out, buffer, start, end);
    else out.bytes(buffer, start, end);
    this.#send();
  }

  onRequestEnd(trailers: FieldTable | undefined): void {
    if (this.#isOver || this.#isComplete) return;
    this.#isComplete = true;
    const out = this.#waiting ?? this.#upstream?.wire.out;
    if (out !== undefined && this.#isChunked) writeLastChunk(out, trailers);
    this.#send();
  }

  onExchangeEnd(): void {
    if (!this.#isComplete) this.#giveUp("dropped");
  }

  #send(): void {
    const wire = this.#upstream?.wire;
    const { mirrorBytes } = this.#context.limits;
    if (this.#waiting === undefined) wire?.flush();
    const waitingBytes = this.#waiting?.length ?? wire?.pendingBytes ?? 0;
    if (waitingBytes > mirrorBytes) this.#giveUp("dropped");
  }

  #giveUp(result: MirrorResult): void {
    const upstream = this.#upstream;
    this.#end(result);
    upstream?.abandon();
  }

  #end(result: MirrorResult): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#context.activity.mirrors--;
    this.#deadline.clear();
    this.#waiting = undefined;
    this.#upstream = undefined;
    this.#endpoint?.end();
    this.#context.telemetry.mirrored(this.#frontend.service, this.#backend.labels, result).add(1);
  }

  readonly #onDue = (): void => {
    this.#giveUp("failed");
  };

  onInformational(): void {}
  onResponseHead(): void {}
  onResponseData(): void {}
  onResponseTrailers(): void {}
  onResponseFlush(): void {}
  onUpstreamDrained(): void {}

  onResponseEnd(): void {
    this.#end("sent");
  }

  onUpstreamFailed(): void {
    this.#end("failed");
  }
}
