import { CR, FIELD_VALUE, LF, SP } from "../bytes/byte-classes.ts";
import type { Http1Limits } from "../limits.ts";
import { malformed, NO_PROBLEM, type ParseProblem } from "../parse-problem.ts";
import { ResponseHead } from "../response-head.ts";
import { FieldScanner } from "./field-scanner.ts";
import { ScanResult, type SectionScanner } from "./section-reader.ts";

const VERSION = 0;
const VERSION_SP = 1;
const STATUS = 2;
const STATUS_END = 3;
const REASON = 4;
const LINE_LF = 5;
const FIELDS = 6;

const ZERO = 0x30;
const ONE = 0x31;
const NINE = 0x39;
const VERSION_PREFIX = "HTTP/1.";
const STATUS_DIGITS = 3;

const BAD_VERSION = malformed("the version is neither HTTP/1.1 nor HTTP/1.0");
const BAD_STATUS = malformed("the status is no number of three digits above 99");
const BAD_REASON = malformed("a control character in the reason phrase");
const BAD_LINE_END = malformed("no CRLF after the status line");

/** Scans a status line and the fields behind it into a head (RFC 9112 4). */
export class ResponseScanner implements SectionScanner {
  readonly head = new ResponseHead();
  position = 0;
  problem: ParseProblem = NO_PROBLEM;

  private readonly fieldScanner: FieldScanner;
  private state = VERSION;
  /** Where the version or the status begins while it is scanned. */
  private mark = 0;

  constructor(limits: Http1Limits) {
    this.fieldScanner = new FieldScanner(this.head.fields, {
      fieldCount: limits.fieldCount,
      allowsSpaceBeforeColon: true,
    });
  }

  /** Begins a head at `position`. */
  begin(position: number): void {
    this.state = VERSION;
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

  /** Behind what was scanned of the status line, or -1 when it is malformed. */
  private scanLine(buffer: Buffer, from: number, end: number): number {
    const head = this.head;
    let i = from;
    if (this.state === VERSION) {
      while (i < end && i - this.mark < VERSION_PREFIX.length) {
        if (buffer[i] !== VERSION_PREFIX.charCodeAt(i - this.mark)) return this.fail(BAD_VERSION);
        i++;
      }
      if (i === end) return i;
      if (buffer[i] !== ONE && buffer[i] !== ZERO) return this.fail(BAD_VERSION);
      head.versionMinor = buffer[i] === ONE ? 1 : 0;
      i++;
      this.state = VERSION_SP;
    }
    if (this.state === VERSION_SP) {
      if (i === end) return i;
      if (buffer[i] !== SP) return this.fail(BAD_VERSION);
      i++;
      this.mark = i;
      this.state = STATUS;
    }
    if (this.state === STATUS) {
      while (i < end && i - this.mark < STATUS_DIGITS) {
        const byte = buffer[i] as number;
        if (byte < (i === this.mark ? ONE : ZERO) || byte > NINE) return this.fail(BAD_STATUS);
        head.status = head.status * 10 + byte - ZERO;
        i++;
      }
      if (i === end) return i;
      this.state = STATUS_END;
    }
    if (this.state === STATUS_END) {
      if (i === end) return i;
      // The space before an empty reason is missing from some servers; the writer sets it right.
      if (buffer[i] === SP) i++;
      else if (buffer[i] !== CR) return this.fail(BAD_STATUS);
      head.reasonStart = i;
      this.state = REASON;
    }
    if (this.state === REASON) {
      while (i < end && FIELD_VALUE[buffer[i] as number] !== 0) i++;
      if (i === end) return i;
      if (buffer[i] !== CR) return this.fail(BAD_REASON);
      head.reasonEnd = i;
      i++;
      this.state = LINE_LF;
    }
    if (i === end) return i;
    if (buffer[i] !== LF) return this.fail(BAD_LINE_END);
    this.state = FIELDS;
    return i + 1;
  }

  private fail(problem: ParseProblem): number {
    this.problem = problem;
    return -1;
  }
}
