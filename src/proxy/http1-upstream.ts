import type { FieldTable } from "../http1/field-table.ts";
import type { ParseProblemKind } from "../http1/parse-problem.ts";
import { ParserEvent } from "../http1/parser-event.ts";
import type { ResponseHead } from "../http1/response-head.ts";
import type { ResponseParser } from "../http1/response-parser.ts";
import { reportDefect } from "./defect.ts";
import type { EndpointPool } from "./endpoint-pool.ts";
import { connectFailureKind, type FailureKind } from "./failure.ts";
import { Deadline } from "./timer-wheel.ts";
import { dialWire, type Wire, type WireOwner } from "./wire.ts";

/** Who a connection to an endpoint works for: one exchange at a time. */
export interface UpstreamUser {
  /** The connection stands: the request can be written now. */
  onConnected(upstream: Http1Upstream): void;
  /** A 1xx head, not 101. */
  onInformational(head: ResponseHead): void;
  /** The final head, or 101. Its bytes are dead when the call returns. */
  onResponseHead(head: ResponseHead): void;
  /** Body bytes without framing, dead when the call returns. */
  onResponseData(buffer: Buffer, start: number, end: number): void;
  onResponseTrailers(trailers: FieldTable): void;
  /** The response is complete and the connection already given back. */
  onResponseEnd(): void;
  /** All bytes of one read were handed over: time to write out what was made of them. */
  onResponseFlush(): void;
  /** What waited to be sent has gone. */
  onUpstreamDrained(): void;
  /** The connection is lost to this user, which hears nothing of it again. */
  onUpstreamFailed(failure: UpstreamFailure): void;
  /** All of the request was written: only then can the connection be used again. */
  readonly isRequestSent: boolean;
  /** The client authenticated this connection and not its requests: nobody else may use it. */
  readonly isSticky: boolean;
}

export interface UpstreamFailure {
  readonly kind: FailureKind;
  readonly details: string;
  /** `connect`: nothing was sent. `request`: no byte of a response came. `response`: inside a response. */
  readonly phase: "connect" | "request" | "response";
  readonly isReused: boolean;
}

type State = "connecting" | "idle" | "busy" | "closed";

/** What is not said here is a malformed response. A malformed body breaks off a response that has begun well. */
const FAILURE_OF: Readonly<Partial<Record<ParseProblemKind, FailureKind>>> = {
  "head-too-large": "response_head_too_large",
  "body-malformed": "response_incomplete",
};

/** An HTTP/1.1 connection to one endpoint. */
export class Http1Upstream implements WireOwner {
  readonly pool: EndpointPool;
  readonly wire: Wire;
  /** Monotonic ms of the last response's end. */
  idleSinceMs = 0;
  #idleTimeoutMs = 0;
  #state: State = "connecting";
  #user: UpstreamUser | undefined;
  #parser: ResponseParser | undefined;
  #isReused = false;
  /** Its user has begun to write a request. */
  #isAsked = false;
  #sawResponseByte = false;
  #sawHead = false;
  #startedMs = 0;
  readonly #deadline: Deadline;

  constructor(pool: EndpointPool, user: UpstreamUser) {
    this.pool = pool;
    this.#user = user;
    this.#deadline = new Deadline(this.#onDue);
    const { context } = pool;
    this.#startedMs = context.now();
    context.wheel.set(this.#deadline, this.#startedMs, context.limits.connectTimeoutMs);
    this.wire = dialWire(
      { host: pool.endpoint.description.address, port: pool.endpoint.description.port },
      this,
      context.limits.highWaterBytes,
    );
  }

  get isReused(): boolean {
    return this.#isReused;
  }

  get isIdle(): boolean {
    return this.#state === "idle" && !this.wire.isClosed;
  }

  /** Takes an idle connection for another exchange. */
  assign(user: UpstreamUser): void {
    this.#user = user;
    this.#isReused = true;
    this.#state = "busy";
    this.#isAsked = false;
    this.#sawResponseByte = false;
    this.#sawHead = false;
  }

  /** Says which request is about to be written, since HEAD decides how its response is read. */
  beginRequest(method: string, isUpgrade: boolean, now: number): void {
    this.#parser ??= this.pool.context.parsers.takeResponseParser();
    this.#parser.expectResponse(method, isUpgrade);
    this.#isAsked = true;
    this.#startedMs = now;
  }

  /** The user wants nothing more of it: what is in flight is thrown away with the connection. */
  abandon(): void {
    this.#user = undefined;
    this.#close();
  }

  /** After 101, in the same turn: a copy of what was read beyond the head. */
  takeRest(): Buffer | undefined {
    const parser = this.#parser;
    if (parser === undefined || parser.position === parser.unreadEnd) return undefined;
    return Buffer.from(parser.input.subarray(parser.position, parser.unreadEnd));
  }

  /** After 101: the connection is a byte stream from now on, and the caller becomes its owner until `tunnelEnded`. */
  release(): void {
    this.#user = undefined;
    this.#giveParser();
    this.#deadline.clear();
    this.#state = "closed";
  }

  tunnelEnded(): void {
    this.pool.closed(this);
  }

  /** Becomes idle; the pool calls this when it keeps the connection. */
  rest(now: number, idleTimeoutMs: number): void {
    this.#state = "idle";
    this.idleSinceMs = now;
    const isSooner = idleTimeoutMs < this.#idleTimeoutMs;
    this.#idleTimeoutMs = idleTimeoutMs;
    // A busy connection is given back a thousand times a second: the deadline is set once and looks at the clock.
    if (isSooner || !this.#deadline.isSet) this.pool.context.wheel.set(this.#deadline, now, idleTimeoutMs);
  }

  /** Closes an idle connection. */
  close(): void {
    this.#close();
  }

  onConnected(): void {
    this.#deadline.clear();
    const user = this.#user;
    if (user === undefined) {
      this.#close();
      return;
    }
    this.#state = "busy";
    user.onConnected(this);
  }

  onBytes(buffer: Buffer, length: number): void {
    const user = this.#user;
    const parser = this.#parser;
    if (user === undefined || parser === undefined || !this.#isAsked) {
      // A response that nobody asked for must never meet the next request (response queue poisoning).
      this.#fail("response_malformed", `${this.pool.name} spoke without being asked`);
      return;
    }
    this.#sawResponseByte = true;
    parser.feed(buffer, 0, length);
    this.#read(parser, user, buffer, length);
  }

  #read(parser: ResponseParser, user: UpstreamUser, buffer: Buffer, length: number): void {
    for (;;) {
      switch (parser.next()) {
        case ParserEvent.NeedMore:
          user.onResponseFlush();
          return;
        case ParserEvent.Informational:
          user.onInformational(parser.head);
          break;
        case ParserEvent.Head: {
          const now = this.pool.context.now();
          this.#sawHead = true;
          this.pool.responded(now, now - this.#startedMs, parser.head.status);
          if (!this.#isReused) this.#learn(parser.head);
          user.onResponseHead(parser.head);
          break;
        }
        case ParserEvent.Data:
          user.onResponseData(buffer, parser.dataStart, parser.dataEnd);
          break;
        case ParserEvent.Trailers:
          user.onResponseTrailers(parser.trailers);
          break;
        case ParserEvent.End:
          this.#finish(user, parser.head.keepAlive && parser.position === length);
          return;
        case ParserEvent.Error:
          this.#malformed(parser);
          return;
      }
      // The user has left: retried elsewhere, lost its client, or took the connection over after 101.
      if (this.#user !== user) return;
    }
  }

  /** What holds for all connections to this endpoint is read once a connection. */
  #learn(head: ResponseHead): void {
    const seconds = head.keepAliveTimeoutSeconds;
    if (seconds !== undefined) this.pool.learnIdleTimeout(seconds);
  }

  #finish(user: UpstreamUser, canStay: boolean): void {
    this.#user = undefined;
    this.#isAsked = false;
    if (!canStay || !user.isRequestSent || this.wire.isWriteBroken) this.#close();
    else if (user.isSticky) this.pool.keepForOwner(this);
    else this.pool.give(this);
    user.onResponseEnd();
  }

  #malformed(parser: ResponseParser): void {
    const { error } = parser;
    this.#fail(
      FAILURE_OF[error.kind] ?? "response_malformed",
      `the response of ${this.pool.name}: ${error.message}`,
    );
  }

  onPeerEnd(): void {
    const user = this.#user;
    const parser = this.#parser;
    if (user === undefined || parser === undefined || !this.#sawResponseByte) {
      this.#lost(undefined);
      return;
    }
    if (parser.finish() === ParserEvent.End) this.#finish(user, false);
    else this.#lost(undefined);
  }

  onDrained(): void {
    this.#user?.onUpstreamDrained();
  }

  /** The answer may be on its way all the same, else the end of the connection is. */
  onWriteFailed(): void {}

  onDefect(error: unknown): void {
    reportDefect(this.pool.context.log, error);
    // Part of the response may be out, or what failed would fail again: never a reason to resend.
    this.#sawResponseByte = true;
    this.#fail("internal", "the proxy failed to handle the response");
  }

  onClosed(error: NodeJS.ErrnoException | undefined): void {
    this.#lost(error);
  }

  #lost(error: NodeJS.ErrnoException | undefined): void {
    if (this.#state === "closed") return;
    const reason = error?.code ?? "closed";
    const { name } = this.pool;
    if (this.#state === "connecting") {
      this.#fail(connectFailureKind(error), `${name}: ${reason}`);
    } else if (this.#state === "idle") {
      this.pool.foundClosed(this.idleSinceMs);
      this.#close();
    } else if (this.#sawHead) {
      this.#fail("response_incomplete", `${name} broke off inside the response: ${reason}`);
    } else {
      if (this.#isReused && !this.#sawResponseByte) this.pool.foundClosed(this.idleSinceMs);
      this.#fail("upstream_closed", `${name} closed before it answered: ${reason}`);
    }
  }

  #fail(kind: FailureKind, details: string): void {
    const user = this.#user;
    const phase = this.#state === "connecting" ? "connect" : this.#sawResponseByte ? "response" : "request";
    this.#user = undefined;
    const wasConnecting = this.#state === "connecting";
    this.#close();
    // Running out of files or memory here says nothing of the endpoint.
    if (wasConnecting && kind !== "overload") this.pool.connectFailed();
    user?.onUpstreamFailed({ kind, details, phase, isReused: this.#isReused });
  }

  readonly #onDue = (): void => {
    if (this.#state === "connecting") {
      const { connectTimeoutMs } = this.pool.context.limits;
      this.#fail("connection_timeout", `${this.pool.name}: no connection within ${connectTimeoutMs} ms`);
    } else if (this.#state === "idle") {
      const { now, wheel } = this.pool.context;
      const leftMs = this.#idleTimeoutMs - (now() - this.idleSinceMs);
      if (leftMs <= 0) this.#close();
      else wheel.set(this.#deadline, now(), leftMs);
    }
  };

  #giveParser(): void {
    const parser = this.#parser;
    if (parser === undefined) return;
    this.#parser = undefined;
    this.pool.context.parsers.giveResponseParser(parser);
  }

  #close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#deadline.clear();
    this.#giveParser();
    this.pool.closed(this);
    this.wire.destroy();
  }
}
