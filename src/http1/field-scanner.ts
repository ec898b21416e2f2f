import { COLON, CR, FIELD_VALUE, HTAB, LF, SP, TOKEN } from "./byte-classes.ts";
import type { FieldTable } from "./field-table.ts";
import { knownFieldAt } from "./known-fields.ts";
import { headTooLarge, malformed, NO_PROBLEM, type ParseProblem } from "./parse-problem.ts";
import { ScanResult, type SectionScanner } from "./section-reader.ts";

const LINE_START = 0;
const NAME = 1;
const SPACE_BEFORE_COLON = 2;
const SPACE_BEFORE_VALUE = 3;
const VALUE = 4;
const VALUE_LF = 5;
const LAST_LF = 6;

const BAD_NAME = malformed("a field name is no token, or no colon follows it");
const BAD_VALUE = malformed("a field value holds a control character");
const BARE_CR = malformed("CR without LF");
const TOO_MANY = headTooLarge("too many fields");

/**
 * Scans field lines up to the empty line after them (RFC 9112 5), byte by byte once, and can stop between any two
 * bytes. Folded lines, bare CR and LF, and control characters are refused.
 */
export class FieldScanner implements SectionScanner {
  position = 0;
  problem: ParseProblem = NO_PROBLEM;

  private readonly table: FieldTable;
  private readonly fieldCount: number;
  private readonly allowsSpaceBeforeColon: boolean;
  private state = LINE_START;
  /** Where the name or the value begins that is being scanned. */
  private mark = 0;

  /**
   * @param options.allowsSpaceBeforeColon as a proxy must for responses (RFC 9112 5.1); requests with it are refused.
   */
  constructor(
    table: FieldTable,
    options: { readonly fieldCount: number; readonly allowsSpaceBeforeColon: boolean },
  ) {
    this.table = table;
    this.fieldCount = options.fieldCount;
    this.allowsSpaceBeforeColon = options.allowsSpaceBeforeColon;
  }

  /** Begins a section whose first line is at `position`. */
  begin(position: number): void {
    this.table.clear();
    this.table.start = position;
    this.state = LINE_START;
  }

  moveTo(buffer: Buffer, distance: number): void {
    this.mark += distance;
    this.table.moveTo(buffer, distance);
  }

  scan(buffer: Buffer, from: number, end: number): ScanResult {
    const table = this.table;
    let state = this.state;
    let mark = this.mark;
    let i = from;
    while (i < end) {
      if (state === LINE_START) {
        if (buffer[i] === CR) {
          table.end = i;
          state = LAST_LF;
          i++;
          continue;
        }
        if (table.count >= this.fieldCount) return this.fail(TOO_MANY);
        mark = i;
        state = NAME;
      }
      if (state === NAME) {
        while (i < end && TOKEN[buffer[i] as number] !== 0) i++;
        if (i === end) break;
        if (i === mark) return this.fail(BAD_NAME);
        table.beginLine(knownFieldAt(buffer, mark, i), mark, i);
        state = SPACE_BEFORE_COLON;
      }
      if (state === SPACE_BEFORE_COLON) {
        if (buffer[i] !== COLON) {
          if (!this.allowsSpaceBeforeColon) return this.fail(BAD_NAME);
          table.hasSpaceBeforeColon = true;
          while (i < end && isSpace(buffer[i] as number)) i++;
          if (i === end) break;
          if (buffer[i] !== COLON) return this.fail(BAD_NAME);
        }
        i++;
        state = SPACE_BEFORE_VALUE;
      }
      if (state === SPACE_BEFORE_VALUE) {
        while (i < end && isSpace(buffer[i] as number)) i++;
        if (i === end) break;
        mark = i;
        state = VALUE;
      }
      if (state === VALUE) {
        while (i < end && FIELD_VALUE[buffer[i] as number] !== 0) i++;
        if (i === end) break;
        if (buffer[i] !== CR) return this.fail(BAD_VALUE);
        i++;
        state = VALUE_LF;
        if (i === end) break;
      }
      if (state === VALUE_LF) {
        if (buffer[i] !== LF) return this.fail(BARE_CR);
        let valueEnd = i - 1;
        while (valueEnd > mark && isSpace(buffer[valueEnd - 1] as number)) valueEnd--;
        i++;
        table.endLine(mark, valueEnd, i);
        state = LINE_START;
      } else if (state === LAST_LF) {
        if (buffer[i] !== LF) return this.fail(BARE_CR);
        table.buffer = buffer;
        this.position = i + 1;
        return ScanResult.Done;
      }
    }
    this.state = state;
    this.mark = mark;
    this.position = i;
    return ScanResult.More;
  }

  private fail(problem: ParseProblem): ScanResult {
    this.problem = problem;
    return ScanResult.Failed;
  }
}

function isSpace(byte: number): boolean {
  return byte === SP || byte === HTAB;
}
