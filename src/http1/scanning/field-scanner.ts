import { COLON, CR, FIELD_VALUE, HTAB, LF, SP, TOKEN } from "../bytes/byte-classes.ts";
import type { FieldTable } from "../field-table.ts";
import { knownFieldAt } from "../known-fields.ts";
import { headTooLarge, malformed, NO_PROBLEM, type ParseProblem } from "../parse-problem.ts";
import { ScanResult, type SectionScanner } from "./section-reader.ts";

const LINE_START = 0;
const NAME = 1;
const SPACE_BEFORE_COLON = 2;
const SPACE_BEFORE_VALUE = 3;
const VALUE = 4;
const VALUE_LF = 5;
const LAST_LF = 6;
const DONE = 7;
const FAILED = 8;

const BAD_NAME = malformed("a field name is no token, or no colon follows it");
const BAD_VALUE = malformed("a field value holds a control character");
const BARE_CR = malformed("CR without LF");
const TOO_MANY = headTooLarge("too many fields");

/**
 * Scans field lines up to the empty line after them (RFC 9112 5), and can stop between any two bytes. Folded lines,
 * bare CR and LF, and control characters are refused.
 *
 * Lines that lie whole in the buffer are scanned in a straight run; a line that was interrupted, or is unusual, byte by
 * byte with a state. Both say the same of any line: a property test holds them to it.
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
    let i = from;
    for (;;) {
      if (this.state === LINE_START) i = this.scanWholeLines(buffer, i, end);
      if (this.state >= DONE || i === end) break;
      i = this.scanLineSlowly(buffer, i, end);
      if (this.state !== LINE_START) break;
    }
    this.position = i;
    if (this.state === FAILED) return ScanResult.Failed;
    if (this.state !== DONE) return ScanResult.More;
    this.table.buffer = buffer;
    return ScanResult.Done;
  }

  /** Where it stopped: at the end of the bytes or of the section, at a fault, or at the start of an unusual line. */
  private scanWholeLines(buffer: Buffer, from: number, end: number): number {
    const table = this.table;
    let i = from;
    while (i < end && buffer[i] !== CR && table.count < this.fieldCount) {
      const nameStart = i;
      while (i < end && TOKEN[buffer[i] as number] !== 0) i++;
      if (i === end) return this.suspend(NAME, nameStart, i);
      if (buffer[i] !== COLON || i === nameStart) return nameStart;
      table.beginLine(knownFieldAt(buffer, nameStart, i), nameStart, i);
      i++;
      while (i < end && isSpace(buffer[i] as number)) i++;
      if (i === end) return this.suspend(SPACE_BEFORE_VALUE, i, i);
      const valueStart = i;
      while (i < end && FIELD_VALUE[buffer[i] as number] !== 0) i++;
      if (i === end) return this.suspend(VALUE, valueStart, i);
      if (buffer[i] !== CR) return this.fail(BAD_VALUE, i);
      const valueEnd = i;
      i++;
      if (i === end) return this.suspend(VALUE_LF, valueStart, i);
      if (buffer[i] !== LF) return this.fail(BARE_CR, i);
      i++;
      this.endLine(buffer, valueStart, valueEnd);
    }
    return i;
  }

  private suspend(state: number, mark: number, position: number): number {
    this.state = state;
    this.mark = mark;
    return position;
  }

  private fail(problem: ParseProblem, position: number): number {
    this.problem = problem;
    this.state = FAILED;
    return position;
  }

  /** Ends a line whose value, with white space perhaps behind it, is followed by CRLF. */
  private endLine(buffer: Buffer, valueStart: number, end: number): void {
    let valueEnd = end;
    while (valueEnd > valueStart && isSpace(buffer[valueEnd - 1] as number)) valueEnd--;
    this.table.endLine(valueStart, valueEnd, end + 2);
  }

  /** Scans on to the end of the line, of the section or of the bytes. */
  private scanLineSlowly(buffer: Buffer, from: number, end: number): number {
    let i = from;
    do {
      const problem = this.step(buffer, i);
      if (problem !== undefined) return this.fail(problem, i);
      i++;
    } while (i < end && this.state !== LINE_START && this.state !== DONE);
    return i;
  }

  /** Takes one byte. */
  private step(buffer: Buffer, i: number): ParseProblem | undefined {
    const byte = buffer[i] as number;
    switch (this.state) {
      case LINE_START:
        return this.stepIntoLine(byte, i);
      case NAME:
        return this.stepName(buffer, byte, i);
      case SPACE_BEFORE_COLON:
        if (byte === COLON) this.state = SPACE_BEFORE_VALUE;
        else if (!isSpace(byte)) return BAD_NAME;
        return undefined;
      case SPACE_BEFORE_VALUE:
        if (isSpace(byte)) return undefined;
        this.suspend(VALUE, i, i);
        return this.stepValue(byte);
      case VALUE:
        return this.stepValue(byte);
      case VALUE_LF:
        if (byte !== LF) return BARE_CR;
        this.endLine(buffer, this.mark, i - 1);
        this.state = LINE_START;
        return undefined;
      default:
        if (byte !== LF) return BARE_CR;
        this.state = DONE;
        return undefined;
    }
  }

  private stepIntoLine(byte: number, i: number): ParseProblem | undefined {
    if (byte === CR) {
      this.table.end = i;
      this.state = LAST_LF;
      return undefined;
    }
    if (this.table.count >= this.fieldCount) return TOO_MANY;
    if (TOKEN[byte] === 0) return BAD_NAME;
    this.suspend(NAME, i, i);
    return undefined;
  }

  private stepName(buffer: Buffer, byte: number, i: number): ParseProblem | undefined {
    if (TOKEN[byte] !== 0) return undefined;
    if (byte !== COLON) {
      if (!this.allowsSpaceBeforeColon || !isSpace(byte)) return BAD_NAME;
      this.table.hasSpaceBeforeColon = true;
    }
    this.table.beginLine(knownFieldAt(buffer, this.mark, i), this.mark, i);
    this.state = byte === COLON ? SPACE_BEFORE_VALUE : SPACE_BEFORE_COLON;
    return undefined;
  }

  private stepValue(byte: number): ParseProblem | undefined {
    if (byte === CR) this.state = VALUE_LF;
    else if (FIELD_VALUE[byte] === 0) return BAD_VALUE;
    return undefined;
  }
}

function isSpace(byte: number): boolean {
  return byte === SP || byte === HTAB;
}
