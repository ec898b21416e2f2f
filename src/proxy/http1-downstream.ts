import type { FieldTable } from "../http1/field-table.ts";
import { ParserEvent } from "../http1/parser-event.ts";
import { type Awaited, ClientPatience, type PatienceOwner } from "./client-patience.ts";
import type { ProxyContext } from "./context.ts";
import { reportDefect } from "./defect.ts";
import { Exchange } from "./exchange.ts";
import type { ExchangeClient } from "./exchange-client.ts";
import { type Failure, requestFailureKind } from "./failure.ts";
import type { FrontendSlot } from "./frontend-runtime.ts";
import type { HeadView } from "./head-view.ts";
import type { Http1Upstream } from "./http1-upstream.ts";
import type { RequestReader } from "./parser-pool.ts";
import { startTunnel } from "./tunnel.ts";
import { answerUnread } from "./unread-request.ts";
import type { Wire, WireOwner } from "./wire.ts";
import { WriteWatch } from "./write-watch.ts";

/**
 * A client's HTTP/1.1 connection: reads requests one after the other and runs an exchange for each.
 *
 * Requests are answered in order. What the client sends ahead (pipelining) waits: at most one read, then reading
 * stops until its turn comes.
 */
export class Http1Downstream implements WireOwner, ExchangeClient, PatienceOwner {
  readonly wire: Wire;
  pinned: Http1Upstream | undefined;
  requestBeganMs = 0;
  readonly #context: ProxyContext;
  readonly #slot: FrontendSlot;
  readonly #onEnd: () => void;
  readonly #patience: ClientPatience;
  #writeWatch: WriteWatch | undefined;
  #uploadWatch: WriteWatch | undefined;
  #reader: RequestReader | undefined;
  #exchange: Exchange | undefined;
  #trailers: FieldTable | undefined;
  /** The bytes that the parser was fed with last. */
  #input: Buffer | undefined;
  #inputEnd = 0;
  /** The input is memory of this connection, not the buffer that all connections read into. */
  #isInputOwn = false;
  /** Read but not parsed yet, in memory of its own. */
  #ahead: Buffer | undefined;
  /** The parser reached the end of the request under way. */
  #sawEnd = false;
  /** Of a head that comes in pieces; else 0. */
  #headBeganMs = 0;
  /** Of the bytes written, how many the metrics know of. */
  #countedBytes = 0;
  #isHeld = false;
  #isReading = false;
  #isLingering = false;
  #peerEnded = false;

  constructor(context: ProxyContext, slot: FrontendSlot, wire: Wire, onEnd: () => void) {
    this.#context = context;
    this.#slot = slot;
    this.wire = wire;
    this.#onEnd = onEnd;
    this.#patience = new ClientPatience(context, this);
  }

  get canKeepAlive(): boolean {
    return (
      this.#reader?.parser.head.keepAlive === true &&
      !this.#isAtEnd &&
      !this.#slot.isGone &&
      !this.#context.activity.isDraining
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
    if (this.#ahead !== undefined || this.#mustWait) {
      this.#keepAhead(buffer, 0, length);
      return;
    }
    this.#feed(buffer, length, false);
    if (this.#ahead !== undefined) this.#continue();
  }

  /** What the client sends next has to wait, here or in the kernel. */
  get #mustWait(): boolean {
    return this.#isHeld || (this.#exchange === undefined ? this.wire.isCongested : this.#isExchangeAhead);
  }

  /** The exchange under way has all of its request, or can't take more of it yet. */
  get #isExchangeAhead(): boolean {
    const exchange = this.#exchange;
    return exchange !== undefined && (this.#sawEnd || !(exchange.isRequestComplete || exchange.wantsBody));
  }

  /** Nothing more comes from the client. */
  get #isAtEnd(): boolean {
    return this.#peerEnded && this.#ahead === undefined;
  }

  #keepAhead(buffer: Buffer, start: number, end: number): void {
    if (end === start) return;
    const rest = buffer.subarray(start, end);
    if (this.#ahead !== undefined) this.#ahead = Buffer.concat([this.#ahead, rest]);
    else this.#ahead = this.#isInputOwn && buffer === this.#input ? rest : Buffer.from(rest);
    this.wire.pause();
  }

  #feed(buffer: Buffer, length: number, isOwn: boolean): void {
    const reader = (this.#reader ??= this.#context.parsers.takeRequestReader());
    this.#input = buffer;
    this.#inputEnd = length;
    this.#isInputOwn = isOwn;
    reader.parser.feed(buffer, 0, length);
    this.#read(reader);
    this.#input = undefined;
  }

  #read(reader: RequestReader): void {
    this.#isReading = true;
    this.#parse(reader);
    this.#isReading = false;
    if (this.#hasLeft) return;
    const exchange = this.#exchange;
    exchange?.flushRequest();
    // What the exchanges of this read answered themselves goes out in one write.
    if (exchange?.isDone !== false) this.flushResponse();
    if (exchange === undefined) this.#awaitHead(reader);
    else if (this.#exchange === exchange) this.#outliveRead();
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
          this.#refuse({ kind: requestFailureKind(parser.error.kind), details: parser.error.message });
          return;
      }
      if (this.#hasLeft) return;
      if (this.#mustWait) {
        if (this.#input !== undefined) this.#keepAhead(this.#input, parser.position, this.#inputEnd);
        return;
      }
    }
  }

  #begin(view: HeadView): void {
    const now = this.#context.now();
    this.requestBeganMs = this.#headBeganMs === 0 ? now : this.#headBeganMs;
    this.#headBeganMs = 0;
    this.#patience.stop();
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
    this.#patience.stop();
    if (exchange === undefined) return;
    exchange.onRequestEnd(trailers);
    // Answered before its body had come; the body was skipped.
    if (exchange.isDone) this.#nextRequest();
  }

  /** The exchange goes on after this read. */
  #outliveRead(): void {
    if (this.#sawEnd || this.#mustWait) this.#patience.stop();
    else this.#patience.await("body");
  }

  /** Inside a head a client has not got for ever. */
  #awaitHead(reader: RequestReader): void {
    if (this.#ahead !== undefined || reader.parser.isIdle) return;
    this.#patience.awaitHead();
    if (this.#headBeganMs === 0) this.#headBeganMs = this.#context.now();
  }

  #giveReader(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    this.#reader = undefined;
    this.#context.parsers.giveRequestReader(reader);
  }

  #refuse(failure: Failure): void {
    const exchange = this.#exchange;
    if (exchange?.isDone === true) {
      // It has its answer: what is wrong with the rest of the request shows in the end of the connection only.
      this.#close();
      return;
    }
    if (exchange !== undefined) {
      exchange.onRequestFailed(failure);
      return;
    }
    const durationMs = this.#headBeganMs === 0 ? 0 : this.#context.now() - this.#headBeganMs;
    const place = { context: this.#context, runtime: this.#slot.current, wire: this.wire };
    answerUnread(place, failure, durationMs);
    this.#close();
  }

  /** The time for a request's head is over. */
  refuseSlowHead(): void {
    this.#refuse({ kind: "request_too_slow", details: "the request head did not come within the limit" });
  }

  // --- What the exchange asks for -------------------------------------------------------------------------------

  retainHead(): void {
    this.#reader?.parser.retainHead();
  }

  holdRequest(upstream: Http1Upstream): void {
    this.#isHeld = true;
    this.#patience.stop();
    this.wire.pause();
    this.#uploadWatch = new WriteWatch(this.#context, upstream.wire, () => {
      const details = `${upstream.pool.name} takes nothing of the request any more`;
      this.#refuse({ kind: "timeout", details });
    });
    this.#uploadWatch.start();
  }

  releaseRequest(): void {
    this.#stopHolding();
    this.#continue();
  }

  #stopHolding(): void {
    this.#isHeld = false;
    this.#uploadWatch?.stop();
    this.#uploadWatch = undefined;
  }

  flushResponse(): void {
    this.#flush();
    if (this.wire.pendingBytes > 0) this.#watchWrites();
  }

  #flush(): void {
    const { bytesWritten } = this.wire;
    this.#slot.current.bytesReceived.add(bytesWritten - this.#countedBytes);
    this.#countedBytes = bytesWritten;
    this.wire.flush();
  }

  exchangeEnded(keepsAlive: boolean): void {
    this.#stopHolding();
    if (!keepsAlive) {
      this.#close();
    } else if (this.#sawEnd) {
      this.#nextRequest();
    } else if (!this.#isReading) {
      // The rest of the request is read and dropped.
      this.flushResponse();
      this.#patience.await("body");
      this.#continue();
    }
  }

  breakOff(mustReset: boolean): void {
    this.#stopHolding();
    if (!mustReset) {
      this.#close();
      return;
    }
    this.#isLingering = true;
    this.wire.reset();
  }

  becomeTunnel(upstream: Http1Upstream, onEnd: () => void): void {
    const fromServer = upstream.takeRest();
    const fromClient = this.#ahead;
    this.#patience.end();
    this.#writeWatch?.stop();
    const runtime = this.#slot.current;
    runtime.bytesReceived.add(fromServer?.length ?? 0);
    this.#giveReader();
    upstream.release();
    startTunnel({
      log: this.#context.log,
      client: this.wire,
      server: upstream.wire,
      fromClient,
      fromServer,
      hasClientEnded: this.#peerEnded,
      sent: runtime.bytesSent,
      received: runtime.bytesReceived,
      onEnd: () => {
        upstream.tunnelEnded();
        onEnd();
        this.#onEnd();
      },
    });
  }

  // --- Between requests -----------------------------------------------------------------------------------------

  #nextRequest(): void {
    this.#exchange = undefined;
    this.#patience.awaitRequest();
    if (this.#isReading) return;
    this.flushResponse();
    this.#continue();
  }

  /** Parses what was read ahead, as far as it need not wait, then reads on. */
  #continue(): void {
    if (this.#isReading || this.#hasLeft) return;
    do {
      if (this.#mustWait) {
        if (this.#exchange === undefined) this.wire.pause();
        return;
      }
      const ahead = this.#ahead;
      this.#ahead = undefined;
      if (ahead !== undefined) this.#feed(ahead, ahead.length, true);
      // The parser may have stopped before it told of an end that needs no more bytes.
      else if (this.#reader !== undefined && this.#exchange !== undefined) this.#read(this.#reader);
      if (this.#hasLeft) return;
    } while (this.#ahead !== undefined);
    if (this.#peerEnded) {
      if (!this.#mustWait) this.#endOfInput();
    } else {
      this.wire.resume();
    }
  }

  /** Nothing more is read from this connection by this object. */
  get #hasLeft(): boolean {
    return this.#isLingering || this.wire.owner !== this;
  }

  // --- The end of the connection --------------------------------------------------------------------------------

  /** The client has ended its side, and all that came before is parsed. */
  #endOfInput(): void {
    const details = "the connection ended inside the request";
    if (this.#exchange !== undefined) this.#refuse({ kind: "request_body_malformed", details });
    else if (this.#reader?.parser.isIdle === false) this.#refuse({ kind: "request_malformed", details });
    else this.#close();
  }

  #close(): void {
    const { wire } = this;
    this.#exchange = undefined;
    this.#ahead = undefined;
    this.#isLingering = true;
    this.#patience.end();
    // Closing with unread input would send RST, which can destroy the answer on its way (RFC 9112, section 9.6).
    this.#flush();
    wire.end();
    if (wire.isWriteBroken) {
      wire.destroy();
    } else {
      wire.resume();
      if (wire.pendingBytes > 0) this.#watchWrites();
      else this.#linger();
    }
  }

  /** All is written: the client has a while to take it and to close. */
  #linger(): void {
    this.#patience.await("end");
  }

  onPeerEnd(): void {
    this.#peerEnded = true;
    if (this.#isLingering) return;
    this.#continue();
    if (this.#hasLeft || this.#exchange === undefined) return;
    // It may wait for its answer, or be gone.
    this.wire.probePeer();
    this.#patience.await("departure");
  }

  onDrained(): void {
    if (this.#isLingering) this.#linger();
    else if (this.#exchange !== undefined) this.#exchange.onClientDrained();
    else this.#continue();
  }

  onWriteFailed(): void {
    this.wire.destroy();
  }

  onDefect(error: unknown): void {
    reportDefect(this.#context.log, error);
    this.#isReading = false;
    if (this.#isLingering) this.wire.destroy();
    else this.#refuse({ kind: "internal", details: "the proxy failed to handle the request" });
  }

  onClosed(): void {
    this.#patience.end();
    this.#writeWatch?.stop();
    this.#stopHolding();
    this.#ahead = undefined;
    this.pinned?.close();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    try {
      exchange?.onClientClosed();
    } finally {
      this.#giveReader();
      this.#onEnd();
    }
  }

  // --- Slow clients ---------------------------------------------------------------------------------------------

  #watchWrites(): void {
    this.#writeWatch ??= new WriteWatch(this.#context, this.wire, this.#onStalled);
    this.#writeWatch.start();
  }

  readonly #onStalled = (): void => {
    this.wire.destroy();
  };

  onImpatient(awaited: Awaited): void {
    switch (awaited) {
      case "head":
        this.refuseSlowHead();
        return;
      case "body": {
        const details = "the request body stalled for longer than the limit";
        this.#refuse({ kind: "request_too_slow", details });
        return;
      }
      case "departure":
        if (this.wire.isPeerGone) this.wire.destroy();
        else this.#patience.await("departure");
        return;
      case "end":
        this.wire.destroy();
    }
  }

  onSettled(): void {
    if (this.#reader?.parser.isIdle === true) this.#giveReader();
  }

  onIdleTooLong(): void {
    this.#close();
  }
}
