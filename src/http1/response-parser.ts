import type { FieldTable } from "./field-table.ts";
import type { Http1Limits } from "./limits.ts";
import { headTooLarge, malformed, NO_PROBLEM, type ParseProblem } from "./parse-problem.ts";
import { ParserEvent } from "./parser-event.ts";
import type { ResponseHead } from "./response-head.ts";
import { BodyReader } from "./scanning/body-reader.ts";
import { ResponseScanner } from "./scanning/response-scanner.ts";
import { ScanResult, SectionReader } from "./scanning/section-reader.ts";

const NOTHING = Buffer.alloc(0);

/** No response is due; a byte would be unsolicited. */
const IDLE = 0;
/** A response is due, and no byte of it has come. */
const AWAITED = 1;
const HEAD = 2;
const BODY = 3;
/** The last response was one after which the connection isn't HTTP any more, or ends. */
const CLOSED = 4;
const FAILED = 5;

/** More than any server sends; an endless row of interim responses would keep a request waiting for ever. */
const MAX_INFORMATIONAL = 64;

const HEAD_TOO_LARGE = headTooLarge("response head too large");
const BAD_SWITCH = malformed("101 to a request that asked for no upgrade, or without its fields");
const CLOSING_INTERIM = malformed("an interim response of HTTP/1.0, or one that ends the connection");
const TOO_MANY_INFORMATIONAL = malformed("too many interim responses");
const UNSOLICITED: ParseProblem = {
  kind: "unsolicited",
  message: "bytes from an upstream that was asked nothing",
};
const TRUNCATED: ParseProblem = { kind: "truncated", message: "the connection ended inside a response" };
const NO_RESPONSE: ParseProblem = { kind: "truncated", message: "the connection ended before a response" };

/**
 * Reads the responses of one upstream connection. A response must be announced with `expectResponse` before its bytes
 * are read, one at a time: requests are never pipelined. Use and memory as `RequestParser`.
 */
export class ResponseParser {
  /** Valid from `Head` or `Informational` until `next()` is called again after `End` or `Informational`. */
  readonly head: ResponseHead;
  /** After `Data`: where body bytes lie in the fed buffer, chunk framing removed. */
  dataStart = 0;
  dataEnd = 0;
  /** After `Error`. */
  error: ParseProblem = NO_PROBLEM;
  /**
   * Where in the fed buffer the next unread byte is; after a 101 the bytes from here to `unreadEnd` are the tunnel's.
   */
  position = 0;

  private readonly scanner: ResponseScanner;
  private readonly section: SectionReader;
  private readonly body: BodyReader;
  private phase = IDLE;
  private fed: Buffer = NOTHING;
  private fedEnd = 0;
  private isToHead = false;
  private isUpgradeAsked = false;
  private informational = 0;

  constructor(limits: Http1Limits) {
    this.scanner = new ResponseScanner(limits);
    this.head = this.scanner.head;
    this.section = new SectionReader(limits.headBytes, HEAD_TOO_LARGE);
    this.body = new BodyReader(limits);
  }

  /** After `Trailers`: the fields of the trailer section. Never part of the head (RFC 9110 6.5.1). */
  get trailers(): FieldTable {
    return this.body.trailers;
  }

  /** No response is due, and no byte is unread. */
  get isIdle(): boolean {
    return this.phase === IDLE && this.position === this.fedEnd;
  }

  /** The buffer that `dataStart`, `dataEnd`, `position` and `unreadEnd` count in. */
  get input(): Buffer {
    return this.fed;
  }

  /** The end of the fed bytes. */
  get unreadEnd(): number {
    return this.fedEnd;
  }

  /**
   * Announces that a request was sent. Only when the response before has ended.
   * @param isUpgrade whether the request asked to upgrade, and 101 is an answer to it.
   */
  expectResponse(requestMethod: string, isUpgrade = false): void {
    if (this.phase !== IDLE) return;
    this.phase = AWAITED;
    this.isToHead = requestMethod === "HEAD";
    this.isUpgradeAsked = isUpgrade;
    this.informational = 0;
  }

  /** Gives bytes to read. Only when those before are used up: after NeedMore. */
  feed(buffer: Buffer, start: number, end: number): void {
    this.fed = buffer;
    this.position = start;
    this.fedEnd = end;
  }

  /** Reads on to the next thing found. After `Error` it stays there. */
  next(): ParserEvent {
    if (this.phase === BODY) return this.readBody();
    if (this.phase === FAILED) return ParserEvent.Error;
    if (this.phase === CLOSED || this.position === this.fedEnd) return ParserEvent.NeedMore;
    if (this.phase === IDLE) return this.fail(UNSOLICITED);
    if (this.phase === AWAITED) {
      this.phase = HEAD;
      this.section.begin(this.position);
      this.scanner.begin(this.position);
    }
    return this.readHead();
  }

  /**
   * The upstream closed its side: `End` when that ends the body, `Error` when a response is due or unfinished,
   * else NeedMore.
   */
  finish(): ParserEvent {
    if (this.phase === FAILED) return ParserEvent.Error;
    if (this.phase === AWAITED && this.informational === 0) return this.fail(NO_RESPONSE);
    if (this.phase === AWAITED || this.phase === HEAD) return this.fail(TRUNCATED);
    if (this.phase !== BODY) return ParserEvent.NeedMore;
    if (!this.body.endsWithConnection) return this.fail(TRUNCATED);
    this.phase = CLOSED;
    return ParserEvent.End;
  }

  /** Copies the head's bytes into memory of the parser's own, when the head is needed after the read callback. */
  retainHead(): void {
    this.section.hold(this.scanner, this.fed, this.head.end);
  }

  /** Copies what was fed and not read yet into memory of its own, when reading goes on after the read callback. */
  retainUnread(): void {
    if (this.position === this.fedEnd) return;
    this.feed(Buffer.from(this.fed.subarray(this.position, this.fedEnd)), 0, this.fedEnd - this.position);
  }

  /** Back to a new connection; gives back all but little memory and every buffer fed. */
  reset(): void {
    this.phase = IDLE;
    this.feed(NOTHING, 0, 0);
    this.section.release();
    this.body.release();
    this.head.clear();
    this.head.fields.clear();
  }

  private readHead(): ParserEvent {
    const section = this.section;
    section.position = this.position;
    const result = section.read(this.scanner, this.fed, this.fedEnd);
    if (result === ScanResult.Failed) return this.fail(section.problem);
    this.position = section.position;
    if (result === ScanResult.More) return ParserEvent.NeedMore;
    const head = this.head;
    const problem = head.conclude(!this.isToHead);
    if (problem !== undefined) return this.fail(problem);
    if (head.status < 200) return this.endInterim();
    this.body.begin(head.framing, head.contentLength);
    this.phase = BODY;
    return ParserEvent.Head;
  }

  /** 101 ends HTTP on this connection; the other 1xx are followed by the final response (RFC 9110 15.2). */
  private endInterim(): ParserEvent {
    if (this.head.status === 101) {
      if (!this.isUpgradeAsked || !this.head.isUpgrade) return this.fail(BAD_SWITCH);
      this.head.keepAlive = false;
      this.body.begin(this.head.framing, 0);
      this.phase = BODY;
      return ParserEvent.Head;
    }
    if (!this.head.keepAlive) return this.fail(CLOSING_INTERIM);
    if (++this.informational > MAX_INFORMATIONAL) return this.fail(TOO_MANY_INFORMATIONAL);
    this.phase = AWAITED;
    return ParserEvent.Informational;
  }

  private readBody(): ParserEvent {
    const body = this.body;
    const event = body.next(this.fed, this.position, this.fedEnd);
    this.position = body.position;
    if (event === ParserEvent.Data) {
      this.dataStart = body.dataStart;
      this.dataEnd = body.dataEnd;
    } else if (event === ParserEvent.End) {
      this.phase = this.head.keepAlive ? IDLE : CLOSED;
    } else if (event === ParserEvent.Error) {
      return this.fail(body.problem);
    }
    return event;
  }

  private fail(problem: ParseProblem): ParserEvent {
    this.phase = FAILED;
    this.error = problem;
    return ParserEvent.Error;
  }
}
