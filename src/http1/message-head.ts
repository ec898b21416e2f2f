import { COMMA, equalsIgnoringCase, HTAB, SP, TOKEN } from "./bytes/byte-classes.ts";
import { latin1TextAt } from "./bytes/latin1.ts";
import { FieldTable } from "./field-table.ts";
import { bit, HOP_BY_HOP_MASK, KnownField, knownFieldAt, NEVER_CONNECTION_NAMED } from "./known-fields.ts";
import { malformed, type ParseProblem } from "./parse-problem.ts";
import { Framing } from "./parser-event.ts";

/** What the Transfer-Encoding fields of a head say. */
const TransferCoding = { Absent: 0, Chunked: 1, NotYetChunked: 2, UnknownThenChunked: 3, Faulty: 4 } as const;
type TransferCoding = (typeof TransferCoding)[keyof typeof TransferCoding];

/** More options than any real Connection field has; each costs a walk over the fields. */
const MAX_CONNECTION_OPTIONS = 32;
const ZERO = 0x30;
const NINE = 0x39;

const BAD_LENGTH = malformed("Content-Length is no number");
const HUGE_LENGTH = malformed("Content-Length is larger than 2^53 - 1");
const CONTRADICTING_LENGTH = malformed("Content-Length fields contradict each other");
const LENGTH_AND_CODING = malformed("both Content-Length and Transfer-Encoding");
const CODING_IN_HTTP10 = malformed("Transfer-Encoding in HTTP/1.0");
const BAD_CODING = malformed("Transfer-Encoding does not end in chunked, or not once");
const UNKNOWN_CODING: ParseProblem = {
  kind: "unknown-transfer-coding",
  message: "a transfer coding other than chunked",
};
const CONNECTION_NAMES_END_TO_END = malformed("Connection names a field that is meant for every recipient");
const TOO_MANY_OPTIONS = malformed("too many connection options");

/**
 * What requests and responses have in common: the fields, and what those say about framing and connection.
 * Valid until the parser begins the next message. Offsets count in `fields.buffer`.
 */
export class MessageHead {
  readonly fields = new FieldTable();
  /** Where the start line begins. */
  start = 0;
  /** Behind the empty line. */
  end = 0;
  /** 1 for HTTP/1.1, 0 for HTTP/1.0; there is no other. */
  versionMinor: 0 | 1 = 1;
  framing: Framing = Framing.None;
  /** What Content-Length says, -1 without it. For the response to HEAD it is no framing. */
  contentLength = -1;
  /** Whether the sender lets the connection go on after this message (RFC 9112 9.3). */
  keepAlive = true;
  /** The fields say NTLM or Negotiate: the connection is authenticated as a whole and must not be shared. */
  hasStickyAuthentication = false;

  /** For the writers: Content-Length came several times, or in an unusual form, and is to be written anew. */
  mustRewriteLength = false;

  private coding: TransferCoding = TransferCoding.Absent;
  private connectionOptions = 0;
  protected hasCloseOption = false;
  protected hasKeepAliveOption = false;
  protected hasUpgradeOption = false;
  private mustDropNamed = false;

  /** Bytes of the head, both line ends of its end included. */
  get sizeBytes(): number {
    return this.end - this.start;
  }

  /** The fields say chunked, and nothing else; no framing in the response to HEAD. */
  get isChunked(): boolean {
    return this.coding === TransferCoding.Chunked;
  }

  protected clearCommon(): void {
    this.framing = Framing.None;
    this.contentLength = -1;
    this.keepAlive = true;
    this.hasStickyAuthentication = false;
    this.mustRewriteLength = false;
    this.coding = TransferCoding.Absent;
    this.connectionOptions = 0;
    this.hasCloseOption = false;
    this.hasKeepAliveOption = false;
    this.hasUpgradeOption = false;
    this.mustDropNamed = false;
  }

  /** After all fields were read: whether framing is sound, and whether the connection goes on. */
  protected concludeCommon(): ParseProblem | undefined {
    this.keepAlive = !this.hasCloseOption && (this.versionMinor === 1 || this.hasKeepAliveOption);
    if (this.mustDropNamed) this.dropConnectionNamed();
    if (this.coding === TransferCoding.Absent) return undefined;
    if (this.contentLength >= 0) return LENGTH_AND_CODING;
    if (this.versionMinor === 0) return CODING_IN_HTTP10;
    if (this.coding === TransferCoding.Chunked) return undefined;
    return this.coding === TransferCoding.UnknownThenChunked ? UNKNOWN_CODING : BAD_CODING;
  }

  /** Content-Length (RFC 9112 6.3): equal values may repeat, in several lines or one, and are forwarded as one. */
  protected readContentLength(index: number): ParseProblem | undefined {
    const buffer = this.fields.buffer;
    const end = this.fields.valueEnd(index);
    let i = this.fields.valueStart(index);
    if (!this.fields.isPlainLine(index)) this.mustRewriteLength = true;
    for (;;) {
      const digits = i;
      let value = 0;
      while (i < end && (buffer[i] as number) >= ZERO && (buffer[i] as number) <= NINE) {
        value = value * 10 + ((buffer[i] as number) - ZERO);
        if (value > Number.MAX_SAFE_INTEGER) return HUGE_LENGTH;
        i++;
      }
      if (i === digits) return BAD_LENGTH;
      if (i > digits + 1 && buffer[digits] === ZERO) this.mustRewriteLength = true;
      if (this.contentLength >= 0) {
        if (this.contentLength !== value) return CONTRADICTING_LENGTH;
        this.mustRewriteLength = true;
      }
      this.contentLength = value;
      i = skipSpace(buffer, i, end);
      if (i === end) return undefined;
      if (buffer[i] !== COMMA) return BAD_LENGTH;
      i = skipSpace(buffer, i + 1, end);
    }
  }

  /**
   * Transfer-Encoding (RFC 9112 6.1): `chunked`, once and last. A coding before it is unknown to us; everything else
   * leaves the end of the body in doubt. So does a tab behind the value, which some parsers take for a part of it.
   */
  protected readTransferEncoding(index: number): void {
    const buffer = this.fields.buffer;
    const end = this.fields.valueEnd(index);
    let i = this.fields.valueStart(index);
    for (let after = end; after < this.fields.lineEnd(index); after++) {
      if (buffer[after] === HTAB) this.coding = TransferCoding.Faulty;
    }
    for (;;) {
      const elementStart = i;
      while (i < end && buffer[i] !== COMMA) i++;
      const elementEnd = trimSpace(buffer, elementStart, i);
      if (elementEnd === elementStart) this.coding = TransferCoding.Faulty;
      else this.addCoding(equalsIgnoringCase(buffer, elementStart, elementEnd, "chunked"));
      if (i === end) return;
      i = skipSpace(buffer, i + 1, end);
    }
  }

  private addCoding(isChunked: boolean): void {
    if (this.coding === TransferCoding.Absent) {
      this.coding = isChunked ? TransferCoding.Chunked : TransferCoding.NotYetChunked;
    } else if (this.coding !== TransferCoding.NotYetChunked) {
      this.coding = TransferCoding.Faulty;
    } else if (isChunked) {
      this.coding = TransferCoding.UnknownThenChunked;
    }
  }

  /** Connection (RFC 9112 9, RFC 9110 7.6.1). Elements that are no token can name nothing and are passed over. */
  protected readConnection(index: number): ParseProblem | undefined {
    const buffer = this.fields.buffer;
    const end = this.fields.valueEnd(index);
    let i = this.fields.valueStart(index);
    while (i < end) {
      const start = i;
      while (i < end && TOKEN[buffer[i] as number] !== 0) i++;
      if (i > start) {
        if (++this.connectionOptions > MAX_CONNECTION_OPTIONS) return TOO_MANY_OPTIONS;
        if (!this.readConnectionOption(start, i)) return CONNECTION_NAMES_END_TO_END;
      } else {
        i++;
      }
    }
    return undefined;
  }

  /** Whether the option may stand there. */
  private readConnectionOption(start: number, end: number): boolean {
    const buffer = this.fields.buffer;
    const id = knownFieldAt(buffer, start, end);
    if (id === KnownField.KeepAlive) {
      this.hasKeepAliveOption = true;
    } else if (id === KnownField.Upgrade) {
      this.hasUpgradeOption = true;
    } else if (equalsIgnoringCase(buffer, start, end, "close")) {
      this.hasCloseOption = true;
    } else if ((bit(id) & HOP_BY_HOP_MASK) === 0) {
      this.mustDropNamed = true;
      return !NEVER_CONNECTION_NAMED.has(latin1TextAt(buffer, start, end).toLowerCase());
    }
    return true;
  }

  /** Marks the fields that Connection names, so that no writer passes them on. */
  private dropConnectionNamed(): void {
    const fields = this.fields;
    for (let index = 0; index < fields.count; index++) {
      if (fields.id(index) !== KnownField.Connection) continue;
      const end = fields.valueEnd(index);
      let i = fields.valueStart(index);
      while (i < end) {
        const start = i;
        while (i < end && TOKEN[fields.buffer[i] as number] !== 0) i++;
        if (i > start) this.dropFieldsNamed(start, i);
        else i++;
      }
    }
  }

  private dropFieldsNamed(start: number, end: number): void {
    const fields = this.fields;
    for (let index = 0; index < fields.count; index++) {
      if (fields.id(index) === KnownField.Connection) continue;
      if (isSameName(fields.buffer, start, end, fields.nameStart(index), fields.nameEnd(index))) {
        fields.setId(index, KnownField.ConnectionNamed);
      }
    }
  }

  /** Authorization or WWW-Authenticate: a scheme that authenticates the connection (RFC 4559; NTLM has no standard). */
  protected readAuthentication(index: number): void {
    const buffer = this.fields.buffer;
    const end = this.fields.valueEnd(index);
    let i = this.fields.valueStart(index);
    while (i < end) {
      const start = i;
      while (i < end && TOKEN[buffer[i] as number] !== 0) i++;
      if (equalsIgnoringCase(buffer, start, i, "negotiate") || equalsIgnoringCase(buffer, start, i, "ntlm")) {
        this.hasStickyAuthentication = true;
      }
      while (i < end && buffer[i] !== COMMA) i++;
      i = skipSpace(buffer, i + 1, end);
    }
  }
}

function skipSpace(buffer: Buffer, from: number, end: number): number {
  let i = from;
  while (i < end && (buffer[i] === SP || buffer[i] === HTAB)) i++;
  return i;
}

function trimSpace(buffer: Buffer, start: number, from: number): number {
  let end = from;
  while (end > start && (buffer[end - 1] === SP || buffer[end - 1] === HTAB)) end--;
  return end;
}

function isSameName(buffer: Buffer, start: number, end: number, nameStart: number, nameEnd: number): boolean {
  if (end - start !== nameEnd - nameStart) return false;
  for (let i = 0; i < end - start; i++) {
    if (TOKEN[buffer[start + i] as number] !== TOKEN[buffer[nameStart + i] as number]) return false;
  }
  return true;
}
