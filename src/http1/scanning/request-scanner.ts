import { isAuthorityAt } from "../bytes/authority.ts";
import { COLON, CR, LF, SP, TARGET, TOKEN } from "../bytes/byte-classes.ts";
import { latin1TextAt } from "../bytes/latin1.ts";
import { registeredMethodAt } from "../bytes/methods.ts";
import type { Http1Limits } from "../limits.ts";
import { malformed, NO_PROBLEM, type ParseProblem } from "../parse-problem.ts";
import { RequestHead } from "../request-head.ts";
import { FieldScanner } from "./field-scanner.ts";
import { ScanResult, type SectionScanner } from "./section-reader.ts";

const METHOD = 0;
const PATH = 1;
const QUERY = 2;
const VERSION = 3;
const LINE_CR = 4;
const LINE_LF = 5;
const FIELDS = 6;

const SLASH = 0x2f;
const ASTERISK = 0x2a;
const ZERO = 0x30;
const ONE = 0x31;
const VERSION_PREFIX = "HTTP/1.";
const HTTP_SCHEME = "http://";

const BAD_METHOD = malformed("the method is no token, or no single space follows it");
const BAD_TARGET = malformed(
  "the request target holds a character that none may, or no single space follows it",
);
const BAD_FORM = malformed("the request target is neither a path nor an http URI");
const BAD_ASTERISK = malformed("the target * of a method other than OPTIONS");
const BAD_VERSION = malformed("the version is neither HTTP/1.1 nor HTTP/1.0");
const BAD_LINE_END = malformed("no CRLF after the request line");
const PREFACE = malformed("the method PRI is reserved for HTTP/2");
const CONNECT: ParseProblem = { kind: "method-not-forwardable", message: "CONNECT is not forwarded" };

/** Scans a request line and the fields behind it into a head (RFC 9112 3). */
export class RequestScanner implements SectionScanner {
  readonly head = new RequestHead();
  position = 0;
  problem: ParseProblem = NO_PROBLEM;

  private readonly fieldScanner: FieldScanner;
  private state = METHOD;
  /** Where the method or the version begins while it is scanned. */
  private mark = 0;

  constructor(limits: Http1Limits) {
    this.fieldScanner = new FieldScanner(this.head.fields, {
      fieldCount: limits.fieldCount,
      allowsSpaceBeforeColon: false,
    });
  }

  /** Begins a head at `position`. */
  begin(position: number): void {
    this.state = METHOD;
    this.mark = position;
    this.head.clear();
    this.head.start = position;
  }

  moveTo(buffer: Buffer, distance: number): void {
    this.mark += distance;
    this.head.moveTo(distance);
    this.fieldScanner.moveTo(buffer, distance);
  }

  scan(buffer: Buffer, from: number, end: number): ScanResult {
    let i = from;
    if (this.state !== FIELDS) {
      i = this.scanLine(buffer, from, end);
      if (i < 0) return ScanResult.Failed;
      if (this.state !== FIELDS) return ScanResult.More;
      this.fieldScanner.begin(i);
    }
    const result = this.fieldScanner.scan(buffer, i, end);
    if (result === ScanResult.Done) {
      this.position = this.fieldScanner.position;
      this.head.end = this.position;
    } else {
      this.problem = this.fieldScanner.problem;
    }
    return result;
  }

  /** Behind what was scanned of the request line, or -1 when it is malformed. */
  private scanLine(buffer: Buffer, from: number, end: number): number {
    const head = this.head;
    let i = from;
    if (this.state === METHOD) {
      while (i < end && TOKEN[buffer[i] as number] !== 0) i++;
      if (i === end) return i;
      if (buffer[i] !== SP || i === this.mark) return this.fail(BAD_METHOD);
      const problem = this.readMethod(buffer, i);
      if (problem !== undefined) return this.fail(problem);
      i++;
      head.targetStart = i;
      this.state = PATH;
    }
    if (this.state === PATH) {
      while (i < end && TARGET[buffer[i] as number] === 1) i++;
      if (i === end) return i;
      head.pathEnd = i;
      this.state = QUERY;
    }
    if (this.state === QUERY) {
      while (i < end && TARGET[buffer[i] as number] !== 0) i++;
      if (i === end) return i;
      if (buffer[i] !== SP || i === head.targetStart) return this.fail(BAD_TARGET);
      head.targetEnd = i;
      const problem = this.readTarget(buffer);
      if (problem !== undefined) return this.fail(problem);
      i++;
      this.mark = i;
      this.state = VERSION;
    }
    if (this.state === VERSION) {
      while (i < end && i - this.mark < VERSION_PREFIX.length) {
        if (buffer[i] !== VERSION_PREFIX.charCodeAt(i - this.mark)) return this.fail(BAD_VERSION);
        i++;
      }
      if (i === end) return i;
      if (buffer[i] !== ONE && buffer[i] !== ZERO) return this.fail(BAD_VERSION);
      head.versionMinor = buffer[i] === ONE ? 1 : 0;
      i++;
      this.state = LINE_CR;
    }
    if (this.state === LINE_CR) {
      if (i === end) return i;
      if (buffer[i] !== CR) return this.fail(BAD_VERSION);
      i++;
      this.state = LINE_LF;
    }
    if (i === end) return i;
    if (buffer[i] !== LF) return this.fail(BAD_LINE_END);
    this.state = FIELDS;
    return i + 1;
  }

  /** Which form the target has (RFC 9112 3.2), and what of it is forwarded. */
  private readTarget(buffer: Buffer): ParseProblem | undefined {
    const head = this.head;
    const start = head.targetStart;
    if (buffer[start] === SLASH) return undefined;
    if (buffer[start] === ASTERISK && head.targetEnd - start === 1) {
      return head.method === "OPTIONS" ? undefined : BAD_ASTERISK;
    }
    const authorityStart = start + HTTP_SCHEME.length;
    if (authorityStart >= head.pathEnd || !isSchemeAt(buffer, start)) return BAD_FORM;
    let authorityEnd = authorityStart;
    while (authorityEnd < head.pathEnd && buffer[authorityEnd] !== SLASH) authorityEnd++;
    if (buffer[authorityStart] === COLON || !isAuthorityAt(buffer, authorityStart, authorityEnd))
      return BAD_FORM;
    if (authorityEnd === authorityStart) return BAD_FORM;
    head.isAbsoluteForm = true;
    head.hostStart = authorityStart;
    head.hostEnd = authorityEnd;
    head.targetStart = authorityEnd;
    if (authorityEnd === head.targetEnd) head.impliedPath = head.method === "OPTIONS" ? "*" : "/";
    else if (authorityEnd === head.pathEnd) head.impliedPath = "/";
    return undefined;
  }

  private readMethod(buffer: Buffer, end: number): ParseProblem | undefined {
    const method = registeredMethodAt(buffer, this.mark, end);
    if (method === "CONNECT") return CONNECT;
    if (method === "PRI") return PREFACE;
    this.head.method = method ?? latin1TextAt(buffer, this.mark, end);
    return undefined;
  }

  private fail(problem: ParseProblem): number {
    this.problem = problem;
    return -1;
  }
}

/** `http://` in any case. */
function isSchemeAt(buffer: Buffer, start: number): boolean {
  for (let i = 0; i < HTTP_SCHEME.length; i++) {
    const lowerCase = (buffer[start + i] as number) | (i < 4 ? 0x20 : 0);
    if (lowerCase !== HTTP_SCHEME.charCodeAt(i)) return false;
  }
  return true;
}
