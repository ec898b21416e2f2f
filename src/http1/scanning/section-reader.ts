import { NO_PROBLEM, type ParseProblem } from "../parse-problem.ts";

export const ScanResult = { More: 0, Done: 1, Failed: 2 } as const;
export type ScanResult = (typeof ScanResult)[keyof typeof ScanResult];

/** Reads a section of lines that ends by itself: a head or trailers. Can stop between any two bytes. */
export interface SectionScanner {
  /** After `Done`: behind the last byte of the section. */
  readonly position: number;
  /** After `Failed`. */
  readonly problem: ParseProblem;
  /** Goes on at `from`. Offsets found before count in the same buffer, or `moveTo` was called. */
  scan(buffer: Buffer, from: number, end: number): ScanResult;
  /** Moves every offset found by `distance`, because the bytes now lie in `buffer`. */
  moveTo(buffer: Buffer, distance: number): void;
}

const NOTHING = Buffer.alloc(0);
const SMALLEST = 512;
/** More than this is not kept from one section to the next. */
const KEPT_BYTES = 4096;
/** Bytes copied at once while a section comes in pieces, so that a body behind it is not copied too. */
const STEP = 2048;

/**
 * Runs a scanner over fed bytes. A section that lies in one feed is scanned where it lies; one that comes in pieces
 * is gathered in memory of the reader's own, which grows with it up to `limitBytes`.
 */
export class SectionReader {
  /** In the fed buffer, behind what was read. */
  position = 0;
  /** After `Failed`. */
  problem: ParseProblem = NO_PROBLEM;
  /** Where the section begins in the buffer that the scanner saw last. */
  start = 0;
  /** Whether the section lies in the reader's own memory, not in the fed buffer. */
  isHeld = false;

  private readonly limitBytes: number;
  private readonly tooLarge: ParseProblem;
  private held: Buffer = NOTHING;
  private heldLength = 0;

  constructor(limitBytes: number, tooLarge: ParseProblem) {
    this.limitBytes = limitBytes;
    this.tooLarge = tooLarge;
  }

  /** Begins a section at `position` of the fed buffer. Frees what the section before took, if it was much. */
  begin(position: number): void {
    this.release();
    this.start = position;
    this.position = position;
  }

  /** Forgets the section. Memory beyond a few kilobytes is given back. */
  release(): void {
    if (this.held.length > KEPT_BYTES) this.held = NOTHING;
    this.heldLength = 0;
    this.isHeld = false;
  }

  /** Reads on in `fed` from `position` up to `end`. */
  read(scanner: SectionScanner, fed: Buffer, end: number): ScanResult {
    return this.isHeld ? this.readHeld(scanner, fed, end) : this.readInPlace(scanner, fed, end);
  }

  /** Moves a section that was read in place, up to `end`, into the reader's own memory. */
  hold(scanner: SectionScanner, fed: Buffer, end: number): void {
    if (this.isHeld) return;
    const distance = -this.start;
    this.append(fed, this.start, end);
    this.isHeld = true;
    this.start = 0;
    scanner.moveTo(this.held, distance);
  }

  private readInPlace(scanner: SectionScanner, fed: Buffer, end: number): ScanResult {
    const limit = Math.min(end, this.start + this.limitBytes);
    const result = scanner.scan(fed, this.position, limit);
    if (result === ScanResult.Done) {
      this.position = scanner.position;
    } else if (result === ScanResult.Failed) {
      this.problem = scanner.problem;
    } else if (limit - this.start >= this.limitBytes) {
      return this.fail();
    } else {
      this.hold(scanner, fed, end);
      this.position = end;
    }
    return result;
  }

  private readHeld(scanner: SectionScanner, fed: Buffer, end: number): ScanResult {
    while (this.position < end) {
      const before = this.heldLength;
      const taken = Math.min(end - this.position, STEP, this.limitBytes - before);
      const grown = this.append(fed, this.position, this.position + taken);
      if (grown) scanner.moveTo(this.held, 0);
      const result = scanner.scan(this.held, before, this.heldLength);
      if (result === ScanResult.Done) {
        this.position += scanner.position - before;
        this.heldLength = scanner.position;
        return result;
      }
      if (result === ScanResult.Failed) {
        this.problem = scanner.problem;
        return result;
      }
      if (this.heldLength >= this.limitBytes) return this.fail();
      this.position += taken;
    }
    return ScanResult.More;
  }

  private fail(): ScanResult {
    this.problem = this.tooLarge;
    return ScanResult.Failed;
  }

  /** Copies bytes behind those held. Whether the memory is another than before. */
  private append(source: Buffer, start: number, end: number): boolean {
    const length = this.heldLength + end - start;
    const mustGrow = length > this.held.length;
    if (mustGrow) {
      const grown = Buffer.allocUnsafeSlow(Math.max(SMALLEST, Math.min(length * 2, this.limitBytes)));
      this.held.copy(grown, 0, 0, this.heldLength);
      this.held = grown;
    }
    source.copy(this.held, this.heldLength, start, end);
    this.heldLength = length;
    return mustGrow;
  }
}
