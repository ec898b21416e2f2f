import { CR, LF } from "./bytes/byte-classes.ts";
import type { FieldTable } from "./field-table.ts";
import type { Http1Limits } from "./limits.ts";
import { headTooLarge, malformed, NO_PROBLEM, type ParseProblem } from "./parse-problem.ts";
import { ParserEvent } from "./parser-event.ts";
import type { RequestHead } from "./request-head.ts";
import { BodyReader } from "./scanning/body-reader.ts";
import { RequestScanner } from "./scanning/request-scanner.ts";
import { ScanResult, SectionReader } from "./scanning/section-reader.ts";

const NOTHING = Buffer.alloc(0);

/** Between messages; one empty line may come (RFC 9112 2.2). */
const IDLE = 0;
const EMPTY_LINE_LF = 1;
/** Between messages, after an empty line. */
const IDLE_AFTER_EMPTY_LINE = 2;
const HEAD = 3;
const BODY = 4;
/** The client said that nothing follows: the rest is not read (RFC 9112 9.6). */
const CLOSED = 5;
const FAILED = 6;

const BARE_CR = malformed("CR without LF");
const HEAD_TOO_LARGE = headTooLarge("request head too large");
const TRUNCATED: ParseProblem = { kind: "truncated", message: "the connection ended inside a request" };

/**
 * Reads the requests of one connection, one after the other. Feed bytes, then call `next()` until it says NeedMore.
 * All that was fed lies where it was fed; a head is gathered in memory of the parser's own only when it comes in
 * pieces. Poolable: `reset()` makes it as new.
 */
export class RequestParser {
  /** Valid from `Head` until `next()` is called after `End`. Its bytes may lie in the fed buffer: see `retainHead`. */
  readonly head: RequestHead;
  /** After `Data`: where body bytes lie in the fed buffer, chunk framing removed. */
  dataStart = 0;
  dataEnd = 0;
  /** After `Error`. */
  error: ParseProblem = NO_PROBLEM;
  /** Where in the fed buffer the next unread byte is; the bytes from here to `unreadEnd` belong to what comes next. */
  position = 0;

  private readonly scanner: RequestScanner;
  private readonly section: SectionReader;
  private readonly body: BodyReader;
  private phase = IDLE;
  private fed: Buffer = NOTHING;
  private fedEnd = 0;

  constructor(limits: Http1Limits) {
    this.scanner = new RequestScanner(limits);
    this.head = this.scanner.head;
    this.section = new SectionReader(limits.headBytes, HEAD_TOO_LARGE);
    this.body = new BodyReader(limits);
  }

  /** After `Trailers`: the fields of the trailer section. Never part of the head (RFC 9110 6.5.1). */
  get trailers(): FieldTable {
    return this.body.trailers;
  }

  /** Between messages, and no byte of a next one seen. */
  get isIdle(): boolean {
    return (this.phase === IDLE || this.phase === IDLE_AFTER_EMPTY_LINE) && this.position === this.fedEnd;
  }

  /** The buffer that `dataStart`, `dataEnd`, `position` and `unreadEnd` count in. */
  get input(): Buffer {
    return this.fed;
  }

  /** The end of the fed bytes. */
  get unreadEnd(): number {
    return this.fedEnd;
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
    if (this.phase !== HEAD && !this.beginsHead()) {
      return this.phase === FAILED ? ParserEvent.Error : ParserEvent.NeedMore;
    }
    return this.readHead();
  }

  /** The client closed its side: NeedMore between messages, `Error` inside one. */
  finish(): ParserEvent {
    if (this.phase === HEAD || this.phase === BODY) return this.fail(TRUNCATED);
    return this.phase === FAILED ? ParserEvent.Error : ParserEvent.NeedMore;
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

  private beginsHead(): boolean {
    while (this.position < this.fedEnd) {
      const byte = this.fed[this.position];
      if (this.phase === EMPTY_LINE_LF) {
        if (byte !== LF) {
          this.fail(BARE_CR);
          return false;
        }
        this.phase = IDLE_AFTER_EMPTY_LINE;
      } else if (this.phase === IDLE && byte === CR) {
        this.phase = EMPTY_LINE_LF;
      } else if (this.phase === CLOSED || this.phase === FAILED) {
        return false;
      } else {
        this.phase = HEAD;
        this.section.begin(this.position);
        this.scanner.begin(this.position);
        return true;
      }
      this.position++;
    }
    return false;
  }

  private readHead(): ParserEvent {
    const section = this.section;
    section.position = this.position;
    const result = section.read(this.scanner, this.fed, this.fedEnd);
    if (result === ScanResult.Failed) return this.fail(section.problem);
    this.position = section.position;
    if (result === ScanResult.More) return ParserEvent.NeedMore;
    const problem = this.head.conclude();
    if (problem !== undefined) return this.fail(problem);
    this.body.begin(this.head.framing, this.head.contentLength);
    this.phase = BODY;
    return ParserEvent.Head;
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
