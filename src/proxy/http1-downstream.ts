import type { FieldTable } from "../http1/field-table.ts";
import { writeOwnResponse } from "../http1/own-response.ts";
import type { ParseProblemKind } from "../http1/parse-problem.ts";
import { ParserEvent } from "../http1/parser-event.ts";
import type { ProxyContext } from "./context.ts";
import { Exchange } from "./exchange.ts";
import type { ExchangeClient } from "./exchange-client.ts";
import { type Failure, type FailureKind, failureAnswer } from "./failure.ts";
import type { FrontendSlot } from "./frontend-runtime.ts";
import type { HeadView } from "./head-view.ts";
import type { Http1Upstream } from "./http1-upstream.ts";
import type { RequestReader } from "./parser-pool.ts";
import { Deadline } from "./timer-wheel.ts";
import { startTunnel } from "./tunnel.ts";
import type { Wire, WireOwner } from "./wire.ts";

/** How long a refused client may go on sending before its connection is cut, so that it can read the answer. */
const LINGER_MS = 1_000;

const FAILURE_OF: Readonly<Record<ParseProblemKind, FailureKind>> = {
  malformed: "request_malformed",
  "head-too-large": "request_head_too_large",
  "body-malformed": "request_body_malformed",
  "unknown-transfer-coding": "request_not_supported",
  "method-not-forwardable": "request_not_supported",
  unsolicited: "request_malformed",
  truncated: "request_malformed",
};

/**
 * A client's HTTP/1.1 connection: reads requests one after the other and runs an exchange for each.
 *
 * Requests are answered in order. What the client sends ahead (pipelining) waits: at most one read, then reading
 * stops until its turn comes.
 */
export class Http1Downstream implements WireOwner, ExchangeClient {
  readonly wire: Wire;
  pinned: Http1Upstream | undefined;
  readonly #context: ProxyContext;
  readonly #slot: FrontendSlot;
  readonly #onEnd: () => void;
  readonly #deadline: Deadline;
  #reader: RequestReader | undefined;
  #exchange: Exchange | undefined;
  #trailers: FieldTable | undefined;
  /** The bytes that the parser was fed with last. */
  #input: Buffer | undefined;
  #inputEnd = 0;
  /** Read but not parsed yet, in memory of its own. */
  #ahead: Buffer | undefined;
  /** The parser reached the end of the request under way. */
  #sawEnd = false;
  #isHeld = false;
  #isReading = false;
  #isLingering = false;
  #peerEnded = false;
  #deadlineKind: "idle" | "head" | "body" | "stalled" | "linger" = "idle";

  constructor(context: ProxyContext, slot: FrontendSlot, wire: Wire, onEnd: () => void) {
    this.#context = context;
    this.#slot = slot;
    this.wire = wire;
    this.#onEnd = onEnd;
    this.#deadline = new Deadline(this.#onDue);
    this.#startDeadline("idle", context.now());
  }

  get canKeepAlive(): boolean {
    return (
      this.#reader?.parser.head.keepAlive === true && !this.#peerEnded && !this.#context.activity.isDraining
    );
  }

  get address(): string {
    return this.wire.remoteAddress;
  }

  // --- Reading --------------------------------------------------------------------------------------------------

  onConnected(): void {}

  onBytes(buffer: Buffer, length: number): void {
    this.#slot.current.bytesSent.add(length);
    if (this.#isLingering) return;
    if (this.#isBlocked) {
      this.#keepAhead(buffer, 0, length);
      return;
    }
    this.#feed(buffer, length);
  }

  /** What the client sends next has to wait, here or in the kernel. */
  get #isBlocked(): boolean {
    return this.#isHeld || this.#ahead !== undefined || this.#isExchangeAhead;
  }

  /** The exchange under way has all of its request, or can't take more of it yet. */
  get #isExchangeAhead(): boolean {
    const exchange = this.#exchange;
    return exchange !== undefined && (this.#sawEnd || !(exchange.isRequestComplete || exchange.wantsBody));
  }

  #keepAhead(buffer: Buffer, start: number, end: number): void {
    if (end === start) return;
    const rest = buffer.subarray(start, end);
    this.#ahead = this.#ahead === undefined ? Buffer.from(rest) : Buffer.concat([this.#ahead, rest]);
    this.wire.pause();
  }

  #feed(buffer: Buffer, length: number): void {
    const reader = (this.#reader ??= this.#context.parsers.takeRequestReader());
    if (this.#deadlineKind === "idle" && this.#exchange === undefined)
      this.#startDeadline("head", this.#context.now());
    this.#input = buffer;
    this.#inputEnd = length;
    reader.parser.feed(buffer, 0, length);
    this.#read(reader);
  }

  #read(reader: RequestReader): void {
    this.#isReading = true;
    this.#parse(reader);
    this.#isReading = false;
    const exchange = this.#exchange;
    if (exchange !== undefined) {
      exchange.flushRequest();
      if (this.#exchange === exchange) this.#outliveRead();
    }
    this.#input = undefined;
  }

  /** Runs the parser until it wants more bytes, or until the rest has to wait. */
  #parse(reader: RequestReader): void {
    const { parser } = reader;
    for (;;) {
      switch (parser.next()) {
        case ParserEvent.NeedMore:
        case ParserEvent.Informational:
          return;
        case ParserEvent.Head:
          this.#begin(reader.view);
          break;
        case ParserEvent.Data:
          this.#exchange?.onRequestData(this.#input as Buffer, parser.dataStart, parser.dataEnd);
          break;
        case ParserEvent.Trailers:
          this.#trailers = parser.trailers;
          break;
        case ParserEvent.End:
          this.#endRequest();
          break;
        case ParserEvent.Error:
          this.#refuse({ kind: FAILURE_OF[parser.error.kind], details: parser.error.message });
          return;
      }
      if (this.#isLingering || this.wire.owner !== this) return;
      if (this.#isBlocked) {
        this.#keepAhead(this.#input as Buffer, parser.position, this.#inputEnd);
        return;
      }
    }
  }

  #begin(view: HeadView): void {
    const now = this.#context.now();
    this.#deadline.clear();
    this.#sawEnd = false;
    const exchange = new Exchange(this.#context, this, this.#slot.current, view, now);
    this.#exchange = exchange;
    exchange.begin();
  }

  #endRequest(): void {
    const exchange = this.#exchange;
    const trailers = this.#trailers;
    this.#trailers = undefined;
    this.#sawEnd = true;
    this.#deadline.clear();
    if (exchange === undefined) return;
    exchange.onRequestEnd(trailers);
    // Answered before its body had come; the body was skipped.
    if (exchange.isDone) this.#nextRequest();
  }

  /** The exchange goes on after this read. */
  #outliveRead(): void {
    if (this.#sawEnd || this.#isBlocked) this.#deadline.clear();
    else this.#startDeadline("body", this.#context.now());
  }

  #refuse(failure: Failure): void {
    const exchange = this.#exchange;
    if (exchange !== undefined) {
      // After an early answer nothing more may be written: the client would take it for its next response.
      if (exchange.isDone) this.#close();
      else exchange.onRequestFailed(failure);
      return;
    }
    const runtime = this.#slot.current;
    const answer = failureAnswer(failure);
    writeOwnResponse(this.wire.out, { ...answer, isHead: false, close: true });
    runtime.countFailure(failure.kind);
    runtime.outcomeWithoutBackend(undefined).record(answer.status, undefined, 0);
    this.#close();
  }

  // --- What the exchange asks for -------------------------------------------------------------------------------

  retainHead(): void {
    this.#reader?.parser.retainHead();
  }

  holdRequest(): void {
    this.#isHeld = true;
    this.#deadline.clear();
    this.wire.pause();
  }

  releaseRequest(): void {
    this.#isHeld = false;
    this.#continue();
  }

  exchangeEnded(keepsAlive: boolean): void {
    if (!keepsAlive) {
      this.#close();
      return;
    }
    if (this.#sawEnd) {
      this.#nextRequest();
    } else {
      // The rest of the request is read and dropped.
      this.#isHeld = false;
      this.#continue();
    }
  }

  becomeTunnel(upstream: Http1Upstream, onEnd: () => void): void {
    const fromServer = upstream.takeRest();
    const ahead = this.#ahead;
    const input = this.#input;
    const rest =
      this.#isReading && input !== undefined && this.#reader !== undefined
        ? Buffer.from(input.subarray(this.#reader.parser.position, this.#inputEnd))
        : undefined;
    this.#deadline.clear();
    const runtime = this.#slot.current;
    const onTunnelEnd = (): void => {
      onEnd();
      this.#onEnd();
    };
    this.#giveReader();
    upstream.release();
    startTunnel({
      client: this.wire,
      server: upstream.wire,
      fromClient: ahead ?? rest,
      fromServer,
      hasClientEnded: this.#peerEnded,
      sent: runtime.bytesSent,
      received: runtime.bytesReceived,
      onEnd: onTunnelEnd,
    });
  }

  // --- Between requests -----------------------------------------------------------------------------------------

  #nextRequest(): void {
    this.#exchange = undefined;
    if (this.#peerEnded && this.#ahead === undefined && !this.#isReading) {
      this.#close();
      return;
    }
    this.#startDeadline("idle", this.#context.now());
    if (this.#isReading) return;
    if (this.#ahead === undefined) this.#rest();
    else if (!this.wire.isCongested) this.#continue();
  }

  /** Between requests a connection holds no parser. */
  #rest(): void {
    if (this.#reader?.parser.isIdle === true) this.#giveReader();
  }

  #giveReader(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    this.#reader = undefined;
    this.#context.parsers.giveRequestReader(reader);
  }

  /** Parses what was read ahead, then reads on. */
  #continue(): void {
    if (this.#isReading || this.#isHeld || this.#isExchangeAhead) return;
    const ahead = this.#ahead;
    if (ahead !== undefined) {
      this.#ahead = undefined;
      this.#feed(ahead, ahead.length);
    }
    if (!this.#isBlocked && !this.#isLingering && this.wire.owner === this) this.wire.resume();
  }

  // --- The end of the connection --------------------------------------------------------------------------------

  #close(): void {
    this.wire.flush();
    this.#exchange = undefined;
    this.#ahead = undefined;
    this.#isLingering = true;
    if (this.wire.isWriteBroken) {
      this.wire.destroy();
      return;
    }
    // Closing with unread input would send RST, which can destroy the answer on its way (RFC 9112, section 9.6).
    this.wire.end();
    if (this.#peerEnded) return;
    this.#startDeadline("linger", this.#context.now());
    this.wire.resume();
  }

  onPeerEnd(): void {
    this.#peerEnded = true;
    if (this.#isLingering) return;
    const exchange = this.#exchange;
    if (exchange === undefined) {
      if (this.#ahead === undefined) this.#close();
    } else if (!this.#sawEnd && this.#ahead === undefined) {
      exchange.onRequestFailed({
        kind: "request_body_malformed",
        details: "the connection ended inside the request",
      });
    }
  }

  onDrained(): void {
    if (this.#exchange !== undefined) this.#exchange.onClientDrained();
    else this.#continue();
  }

  onClosed(): void {
    this.#deadline.clear();
    this.pinned?.close();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.onClientClosed();
    this.#giveReader();
    this.#onEnd();
  }

  // --- Slow clients ---------------------------------------------------------------------------------------------

  #startDeadline(kind: "idle" | "head" | "body" | "linger", now: number): void {
    const { limits, wheel } = this.#context;
    this.#deadlineKind = kind;
    switch (kind) {
      case "idle":
        wheel.set(this.#deadline, now, limits.downstreamIdleTimeoutMs);
        return;
      case "head":
        wheel.set(this.#deadline, now, limits.headTimeoutMs);
        return;
      case "body":
        wheel.set(this.#deadline, now, limits.bodyStallTimeoutMs);
        return;
      case "linger":
        wheel.set(this.#deadline, now, LINGER_MS);
    }
  }

  readonly #onDue = (): void => {
    switch (this.#deadlineKind) {
      case "idle":
        this.#close();
        return;
      case "head":
        this.#refuse({ kind: "request_too_slow", details: "the request head did not come within the limit" });
        return;
      case "body":
        this.#refuse({
          kind: "request_too_slow",
          details: "the request body stalled for longer than the limit",
        });
        return;
      case "stalled":
      case "linger":
        this.wire.destroy();
    }
  };
}
