import type { Socket } from "node:net";
import { DEFAULT_HTTP1_LIMITS } from "../http1/limits.ts";
import type { ParseProblemKind } from "../http1/parse-problem.ts";
import { ParserEvent } from "../http1/parser-event.ts";
import type { RequestHead } from "../http1/request-head.ts";
import { RequestParser } from "../http1/request-parser.ts";
import type { AdminLimits, Schedule } from "./admin-limits.ts";
import type { RoutedRequest } from "./admin-routes.ts";

/** A whole request with its body read, or why there is none. */
export type Incoming =
  | { readonly kind: "request"; readonly request: RoutedRequest; readonly framing: ResponseFraming }
  | { readonly kind: "refused"; readonly status: number; readonly message: string }
  /** Nobody waits for an answer: the client has closed, or asked for nothing for too long. */
  | { readonly kind: "ended" };

/** How the response is to be written. */
export interface ResponseFraming {
  readonly isHead: boolean;
  /** HTTP/1.0 knows no chunks. */
  readonly canChunk: boolean;
  /** The connection ends with the response. */
  readonly isLast: boolean;
}

const REFUSALS: Readonly<Record<ParseProblemKind, number>> = {
  malformed: 400,
  "head-too-large": 431,
  "body-malformed": 400,
  "unknown-transfer-coding": 501,
  "method-not-forwardable": 501,
  unsolicited: 400,
  truncated: 400,
};

const ENDED: Incoming = { kind: "ended" };

/**
 * Reads the requests of one connection, one at a time. Between two reads the socket is paused, so that a client that
 * sends without reading answers is held up by itself.
 */
export class RequestReader {
  readonly #socket: Socket;
  readonly #limits: AdminLimits;
  readonly #schedule: Schedule;
  readonly #parser: RequestParser;
  #unread: Buffer[] = [];
  #hasEnded = false;
  #wake: (() => void) | undefined;
  #isStopped = false;
  #isLate = false;

  constructor(socket: Socket, limits: AdminLimits, schedule: Schedule) {
    this.#socket = socket;
    this.#limits = limits;
    this.#schedule = schedule;
    this.#parser = new RequestParser({ ...DEFAULT_HTTP1_LIMITS, headBytes: limits.headBytes });
    socket.pause();
    socket.on("data", this.#onData);
    socket.once("end", this.#onEnd);
    socket.once("close", this.#onEnd);
  }

  /** Ends the wait for a request, if there is one, and every later one. */
  stop(): void {
    this.#isStopped = true;
    this.#wake?.();
  }

  /** Throws away what the client still sends. */
  discard(): void {
    this.#socket.off("data", this.#onData);
    this.#unread = [];
    this.#socket.resume();
  }

  /** Never rejects. */
  async read(): Promise<Incoming> {
    const { idleTimeoutMs, requestTimeoutMs } = this.#limits;
    this.#isLate = false;
    let cancel = this.#schedule(idleTimeoutMs, this.#onLate);
    const request = new PartialRequest();
    try {
      for (;;) {
        const incoming = this.#parse(request);
        if (incoming !== undefined) return incoming;
        const hasBegun = !this.#parser.isIdle;
        if (hasBegun && !request.isTimed) {
          request.isTimed = true;
          cancel();
          cancel = this.#schedule(requestTimeoutMs, this.#onLate);
        }
        if (!hasBegun) this.#parser.reset();
        const chunk = await this.#nextChunk();
        if (chunk !== undefined) this.#parser.feed(chunk, 0, chunk.length);
        else if (this.#isLate && hasBegun) {
          return { kind: "refused", status: 408, message: "the request took too long" };
        } else return ENDED;
      }
    } finally {
      cancel();
    }
  }

  /** Undefined where more bytes are needed. */
  #parse(request: PartialRequest): Incoming | undefined {
    const parser = this.#parser;
    for (;;) {
      switch (parser.next()) {
        case ParserEvent.NeedMore:
          return undefined;
        case ParserEvent.Head:
          request.take(parser.head);
          // The final answer instead of 100 (Continue) is allowed, and then the body may come or not (RFC 9110 10.1.1).
          if (parser.head.expectsContinue) return request.finish(true);
          break;
        case ParserEvent.Data:
          request.bodyBytes += parser.dataEnd - parser.dataStart;
          if (request.bodyBytes > this.#limits.bodyBytes) {
            return { kind: "refused", status: 413, message: "no endpoint takes so large a body" };
          }
          break;
        case ParserEvent.End:
          return request.finish(!parser.head.keepAlive);
        case ParserEvent.Error: {
          const { kind, message } = parser.error;
          return { kind: "refused", status: REFUSALS[kind], message };
        }
        case ParserEvent.Informational:
        case ParserEvent.Trailers:
          break;
      }
    }
  }

  /** Undefined when none comes. */
  async #nextChunk(): Promise<Buffer | undefined> {
    if (this.#unread.length === 0 && !this.#hasEnded && !this.#isStopped && !this.#isLate) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      this.#socket.resume();
      await promise;
      this.#wake = undefined;
    }
    return this.#isStopped || this.#isLate ? undefined : this.#unread.shift();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#socket.pause();
    this.#unread.push(chunk);
    this.#wake?.();
  };

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    this.#wake?.();
  };

  readonly #onLate = (): void => {
    this.#isLate = true;
    this.#wake?.();
  };
}

class PartialRequest {
  bodyBytes = 0;
  isTimed = false;
  #request: RoutedRequest = { method: "", path: "", query: "", accept: undefined, origin: undefined };
  #isHttp10 = false;

  take(head: RequestHead): void {
    const { method, path, query = "", fields, versionMinor } = head;
    this.#request = {
      method,
      path,
      query,
      accept: fields.valueOf("accept"),
      origin: fields.valueOf("origin"),
    };
    this.#isHttp10 = versionMinor === 0;
  }

  finish(isLast: boolean): Incoming {
    const isHead = this.#request.method === "HEAD";
    return {
      kind: "request",
      request: this.#request,
      framing: { isHead, canChunk: !this.#isHttp10, isLast: isLast || this.#isHttp10 },
    };
  }
}
