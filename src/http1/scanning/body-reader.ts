import { CR, FIELD_VALUE, HEX, LF, SEMICOLON, TOKEN } from "../bytes/byte-classes.ts";
import { FieldTable } from "../field-table.ts";
import { KnownField } from "../known-fields.ts";
import type { Http1Limits } from "../limits.ts";
import { bodyMalformed, NO_PROBLEM, type ParseProblem } from "../parse-problem.ts";
import { Framing, ParserEvent } from "../parser-event.ts";
import { FieldScanner } from "./field-scanner.ts";
import { ScanResult, SectionReader } from "./section-reader.ts";

const DONE = 0;
const LENGTH = 1;
const UNTIL_CLOSE = 2;
const SIZE_FIRST = 3;
const SIZE = 4;
const SIZE_LF = 5;
const CHUNK = 6;
const CHUNK_CR = 7;
const CHUNK_LF = 8;
const TRAILERS = 9;
const EXTENSION_NAME_FIRST = 10;
const EXTENSION_NAME = 11;
const EXTENSION_VALUE_FIRST = 12;
const EXTENSION_VALUE = 13;
const QUOTED = 14;
const QUOTED_PAIR = 15;
const QUOTED_END = 16;

const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** RFC 9112 7.1 sets no bound on leading zeros; 16 digits hold any 64-bit size. */
const MAX_SIZE_DIGITS = 16;

const BAD_SIZE = bodyMalformed("a chunk size is no hexadecimal number of at most 16 digits");
const HUGE_SIZE = bodyMalformed("a chunk size is larger than 2^53 - 1");
const BAD_EXTENSION = bodyMalformed("malformed chunk extension");
const LONG_EXTENSION = bodyMalformed("chunk extensions too large");
const BAD_SIZE_END = bodyMalformed("no CRLF after a chunk size");
const BAD_CHUNK_END = bodyMalformed("no CRLF after a chunk");
const TRAILERS_TOO_LARGE = bodyMalformed("trailer section too large");
const FRAMING_IN_TRAILERS = bodyMalformed("a trailer field that says where a body ends");
const BAD_TRAILERS = bodyMalformed("malformed trailer section");

/** Reads bodies of every framing out of fed buffers (RFC 9112 6.3, 7.1). Body bytes are never copied or gathered. */
export class BodyReader {
  /** In the fed buffer, behind what was read. */
  position = 0;
  /** After `Data`: where body bytes lie in the fed buffer, without chunk framing. */
  dataStart = 0;
  dataEnd = 0;
  /** After `Error`. */
  problem: ParseProblem = NO_PROBLEM;

  private readonly limits: Http1Limits;
  private state = DONE;
  /** Bytes left of the body or of the chunk, or the chunk size as far as it was read. */
  private remaining = 0;
  private sizeDigits = 0;
  private extensionBytes = 0;
  private messageExtensionBytes = 0;
  /** Made for the first chunked body, since most connections never see one. */
  private trailerTable: FieldTable | undefined;
  private trailerScanner: FieldScanner | undefined;
  private trailerSection: SectionReader | undefined;
  private isInTrailers = false;

  constructor(limits: Http1Limits) {
    this.limits = limits;
  }

  /** The trailer fields of the body read last, in memory of the reader's own. */
  get trailers(): FieldTable {
    this.trailerTable ??= new FieldTable();
    return this.trailerTable;
  }

  begin(framing: Framing, contentLength: number): void {
    this.messageExtensionBytes = 0;
    this.trailerTable?.clear();
    if (framing === Framing.Length) {
      this.remaining = contentLength;
      this.state = contentLength === 0 ? DONE : LENGTH;
    } else if (framing === Framing.Chunked) {
      this.state = SIZE_FIRST;
    } else {
      this.state = framing === Framing.None ? DONE : UNTIL_CLOSE;
    }
  }

  /** Gives back memory and forgets the body. */
  release(): void {
    this.state = DONE;
    this.isInTrailers = false;
    this.trailerTable?.clear();
    this.trailerSection?.release();
  }

  /** Whether the end of the connection is the end of the body. */
  get endsWithConnection(): boolean {
    return this.state === UNTIL_CLOSE;
  }

  /** Reads on in `buffer` from `position` up to `end`: Data, Trailers, End, NeedMore or Error. */
  next(buffer: Buffer, position: number, end: number): ParserEvent {
    if (this.state === LENGTH) return this.readLength(position, end);
    this.position = position;
    if (this.state === DONE) return ParserEvent.End;
    if (this.state === UNTIL_CLOSE) return this.readData(position, end);
    return this.readChunked(buffer, position, end);
  }

  private readLength(position: number, end: number): ParserEvent {
    const available = end - position;
    if (available >= this.remaining) {
      this.state = DONE;
      return this.readData(position, position + this.remaining);
    }
    this.remaining -= available;
    return this.readData(position, end);
  }

  private readData(start: number, end: number): ParserEvent {
    this.dataStart = start;
    this.dataEnd = end;
    this.position = end;
    return start === end ? ParserEvent.NeedMore : ParserEvent.Data;
  }

  private readChunked(buffer: Buffer, position: number, end: number): ParserEvent {
    let i = position;
    while (i < end) {
      if (this.state === CHUNK) {
        const size = Math.min(this.remaining, end - i);
        this.remaining -= size;
        if (this.remaining === 0) this.state = CHUNK_CR;
        return this.readData(i, i + size);
      }
      if (this.state === TRAILERS) return this.readTrailers(buffer, i, end);
      const problem = this.readFraming(buffer[i] as number);
      if (problem !== undefined) return this.fail(problem, i);
      i++;
    }
    this.position = end;
    return ParserEvent.NeedMore;
  }

  /** Takes one byte of what surrounds the chunks. */
  private readFraming(byte: number): ParseProblem | undefined {
    switch (this.state) {
      case SIZE_FIRST:
        this.remaining = 0;
        this.sizeDigits = 0;
        this.extensionBytes = 0;
        this.state = SIZE;
        return HEX[byte] === 0 ? BAD_SIZE : this.readSizeDigit(byte);
      case SIZE:
        if (HEX[byte] !== 0) return this.readSizeDigit(byte);
        if (byte === CR) this.state = SIZE_LF;
        else if (byte !== SEMICOLON) return BAD_SIZE;
        else return this.beginExtension();
        return undefined;
      case SIZE_LF:
        if (byte !== LF) return BAD_SIZE_END;
        this.state = this.remaining === 0 ? TRAILERS : CHUNK;
        return undefined;
      case CHUNK_CR:
        if (byte !== CR) return BAD_CHUNK_END;
        this.state = CHUNK_LF;
        return undefined;
      case CHUNK_LF:
        if (byte !== LF) return BAD_CHUNK_END;
        this.state = SIZE_FIRST;
        return undefined;
      default:
        return this.readExtension(byte);
    }
  }

  private readSizeDigit(byte: number): ParseProblem | undefined {
    if (++this.sizeDigits > MAX_SIZE_DIGITS) return BAD_SIZE;
    this.remaining = this.remaining * 16 + ((HEX[byte] as number) - 1);
    return this.remaining > Number.MAX_SAFE_INTEGER ? HUGE_SIZE : undefined;
  }

  private beginExtension(): ParseProblem | undefined {
    this.state = EXTENSION_NAME_FIRST;
    return this.countExtensionByte();
  }

  private countExtensionByte(): ParseProblem | undefined {
    this.messageExtensionBytes++;
    const isTooLong =
      ++this.extensionBytes > this.limits.chunkExtensionBytes ||
      this.messageExtensionBytes > this.limits.messageChunkExtensionBytes;
    return isTooLong ? LONG_EXTENSION : undefined;
  }

  /**
   * `;name`, `;name=token` or `;name="quoted"`, without the white space that RFC 9112 7.1.1 calls bad: it was
   * understood differently by different servers. Extensions are checked and dropped, never passed on.
   */
  private readExtension(byte: number): ParseProblem | undefined {
    const isToken = TOKEN[byte] !== 0;
    switch (this.state) {
      case EXTENSION_NAME_FIRST:
        if (!isToken) return BAD_EXTENSION;
        this.state = EXTENSION_NAME;
        return this.countExtensionByte();
      case EXTENSION_VALUE_FIRST:
        if (!isToken && byte !== QUOTE) return BAD_EXTENSION;
        this.state = isToken ? EXTENSION_VALUE : QUOTED;
        return this.countExtensionByte();
      case QUOTED:
        if (byte === QUOTE) this.state = QUOTED_END;
        else if (byte === BACKSLASH) this.state = QUOTED_PAIR;
        else if (FIELD_VALUE[byte] === 0) return BAD_EXTENSION;
        return this.countExtensionByte();
      case QUOTED_PAIR:
        if (FIELD_VALUE[byte] === 0) return BAD_EXTENSION;
        this.state = QUOTED;
        return this.countExtensionByte();
      default:
        if (isToken && this.state !== QUOTED_END) return this.countExtensionByte();
        if (byte === EQUALS && this.state === EXTENSION_NAME) this.state = EXTENSION_VALUE_FIRST;
        else if (byte === SEMICOLON) this.state = EXTENSION_NAME_FIRST;
        else if (byte === CR) this.state = SIZE_LF;
        else return BAD_EXTENSION;
        return byte === CR ? undefined : this.countExtensionByte();
    }
  }

  private readTrailers(buffer: Buffer, position: number, end: number): ParserEvent {
    const table = this.trailers;
    this.trailerScanner ??= new FieldScanner(table, {
      fieldCount: this.limits.fieldCount,
      allowsSpaceBeforeColon: false,
    });
    this.trailerSection ??= new SectionReader(this.limits.trailerBytes, TRAILERS_TOO_LARGE);
    const section = this.trailerSection;
    if (!this.isInTrailers) {
      this.isInTrailers = true;
      section.begin(position);
      this.trailerScanner.begin(position);
    }
    section.position = position;
    const result = section.read(this.trailerScanner, buffer, end);
    if (result === ScanResult.Failed) {
      return this.fail(section.problem === TRAILERS_TOO_LARGE ? TRAILERS_TOO_LARGE : BAD_TRAILERS, position);
    }
    this.position = section.position;
    if (result === ScanResult.More) return ParserEvent.NeedMore;
    section.hold(this.trailerScanner, buffer, section.position);
    this.isInTrailers = false;
    this.state = DONE;
    if (
      table.indexOfKnown(KnownField.ContentLength) >= 0 ||
      table.indexOfKnown(KnownField.TransferEncoding) >= 0
    ) {
      return this.fail(FRAMING_IN_TRAILERS, this.position);
    }
    return table.count > 0 ? ParserEvent.Trailers : ParserEvent.End;
  }

  private fail(problem: ParseProblem, position: number): ParserEvent {
    this.problem = problem;
    this.position = position;
    return ParserEvent.Error;
  }
}
