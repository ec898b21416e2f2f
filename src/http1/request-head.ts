import { isAuthorityAt } from "./bytes/authority.ts";
import { COMMA, equalsIgnoringCase, HTAB, SP } from "./bytes/byte-classes.ts";
import { CachedText } from "./bytes/cached-text.ts";
import { latin1TextAt } from "./bytes/latin1.ts";
import { KnownField } from "./known-fields.ts";
import { MessageHead } from "./message-head.ts";
import { malformed, type ParseProblem } from "./parse-problem.ts";
import { Framing } from "./parser-event.ts";

const NO_HOST = malformed("no Host");
const SEVERAL_HOSTS = malformed("more than one Host");
const BAD_HOST = malformed("Host is no host with optional port");

/** The head of a request. Strings are made when they are asked for. */
export class RequestHead extends MessageHead {
  /** As sent. The same string object for each registered method. */
  method = "";
  /** `Expect: 100-continue`; always false in HTTP/1.0 (RFC 9110 10.1.1). */
  expectsContinue = false;
  /** `TE: trailers`: the client takes trailer fields. */
  acceptsTrailers = false;
  /**
   * `Connection: upgrade` with an Upgrade field (RFC 9110 7.8). Never in HTTP/1.0, and never when h2c is offered:
   * HTTP/2 comes with prior knowledge only.
   */
  isUpgrade = false;
  /** The target was sent in absolute-form: target and Host are not forwarded as they came (RFC 9112 3.2.2). */
  isAbsoluteForm = false;

  /** For parser and writers: where the target lies, without scheme and authority. `pathEnd` is at `?` or the end. */
  targetStart = 0;
  pathEnd = 0;
  targetEnd = 0;
  /** The path of an absolute-form target that has none: `/`, or `*` for OPTIONS (RFC 9112 3.2.4). Else empty. */
  impliedPath: "" | "/" | "*" = "";
  /** For parser and writers: where the host lies, in the target or in Host. Both 0 without one. */
  hostStart = 0;
  hostEnd = 0;
  /** For the writers: white space stands around Host's value that not everybody would strip. */
  mustRewriteHost = false;

  private hostFields = 0;
  private readonly pathText = new CachedText();
  private readonly hostText = new CachedText();

  /** Path and query as sent: origin-form, or `*`. */
  get target(): string {
    return this.impliedPath + latin1TextAt(this.fields.buffer, this.targetStart, this.targetEnd);
  }

  /** The target up to the first `?`. */
  get path(): string {
    if (this.impliedPath !== "") return this.impliedPath;
    return this.pathText.read(this.fields.buffer, this.targetStart, this.pathEnd);
  }

  /** What follows the first `?` of the target; undefined without one. */
  get query(): string | undefined {
    if (this.pathEnd === this.targetEnd) return undefined;
    return latin1TextAt(this.fields.buffer, this.pathEnd + 1, this.targetEnd);
  }

  /** Host and port that the request names: those of an absolute-form target, else of Host; HTTP/1.0 may lack it. */
  get host(): string | undefined {
    if (this.hostFields === 0 && !this.isAbsoluteForm) return undefined;
    return this.hostText.read(this.fields.buffer, this.hostStart, this.hostEnd);
  }

  /** The value of Upgrade where this is an upgrade. */
  get upgrade(): string | undefined {
    return this.isUpgrade ? this.fields.valueOf("upgrade") : undefined;
  }

  /** Forgets the request before. */
  clear(): void {
    this.clearCommon();
    this.expectsContinue = false;
    this.acceptsTrailers = false;
    this.isUpgrade = false;
    this.isAbsoluteForm = false;
    this.impliedPath = "";
    this.hostStart = 0;
    this.hostEnd = 0;
    this.hostFields = 0;
    this.mustRewriteHost = false;
  }

  /** Moves the offsets, because the head now lies in `buffer`. */
  moveTo(distance: number): void {
    this.start += distance;
    this.targetStart += distance;
    this.pathEnd += distance;
    this.targetEnd += distance;
    this.hostStart += distance;
    this.hostEnd += distance;
    this.end += distance;
  }

  /** Reads what the fields say, once all are there. */
  conclude(): ParseProblem | undefined {
    const fields = this.fields;
    for (let index = 0; index < fields.count; index++) {
      const id = fields.id(index);
      if (id === KnownField.Other) continue;
      const problem = this.readField(id, index);
      if (problem !== undefined) return problem;
    }
    const problem = this.concludeCommon();
    if (problem !== undefined) return problem;
    if (this.hostFields > 1) return SEVERAL_HOSTS;
    if (this.hostFields === 0 && this.versionMinor === 1) return NO_HOST;
    if (this.isChunked) this.framing = Framing.Chunked;
    else if (this.contentLength >= 0) this.framing = Framing.Length;
    if (this.hasUpgradeOption && this.versionMinor === 1) this.isUpgrade = this.hasForwardableUpgrade();
    if (this.versionMinor === 0) this.expectsContinue = false;
    return undefined;
  }

  private readField(id: number, index: number): ParseProblem | undefined {
    switch (id) {
      case KnownField.Host:
        return this.readHost(index);
      case KnownField.ContentLength:
        return this.readContentLength(index);
      case KnownField.TransferEncoding:
        this.readTransferEncoding(index);
        return undefined;
      case KnownField.Connection:
        return this.readConnection(index);
      case KnownField.Expect:
        if (this.isValue(index, "100-continue")) this.expectsContinue = true;
        return undefined;
      case KnownField.Te:
        if (this.hasElement(index, "trailers")) this.acceptsTrailers = true;
        return undefined;
      case KnownField.Authorization:
        this.readAuthentication(index);
        return undefined;
      default:
        return undefined;
    }
  }

  private readHost(index: number): ParseProblem | undefined {
    const fields = this.fields;
    const start = fields.valueStart(index);
    const end = fields.valueEnd(index);
    if (!isAuthorityAt(fields.buffer, start, end)) return BAD_HOST;
    this.hostFields++;
    if (!fields.isPlainLine(index)) this.mustRewriteHost = true;
    if (!this.isAbsoluteForm) {
      this.hostStart = start;
      this.hostEnd = end;
    }
    return undefined;
  }

  private isValue(index: number, lowerCase: string): boolean {
    const fields = this.fields;
    return equalsIgnoringCase(fields.buffer, fields.valueStart(index), fields.valueEnd(index), lowerCase);
  }

  /** Whether one of the list elements of a line is this token, without parameters. */
  private hasElement(index: number, lowerCase: string): boolean {
    const { buffer } = this.fields;
    const end = this.fields.valueEnd(index);
    let i = this.fields.valueStart(index);
    while (i < end) {
      const start = i;
      while (i < end && buffer[i] !== COMMA) i++;
      let elementEnd = i;
      while (elementEnd > start && (buffer[elementEnd - 1] === SP || buffer[elementEnd - 1] === HTAB))
        elementEnd--;
      if (equalsIgnoringCase(buffer, start, elementEnd, lowerCase)) return true;
      i++;
      while (i < end && (buffer[i] === SP || buffer[i] === HTAB)) i++;
    }
    return false;
  }

  private hasForwardableUpgrade(): boolean {
    let isThere = false;
    for (let index = 0; index < this.fields.count; index++) {
      if (this.fields.id(index) !== KnownField.Upgrade) continue;
      if (this.hasElement(index, "h2c")) return false;
      isThere = this.fields.valueStart(index) < this.fields.valueEnd(index) || isThere;
    }
    return isThere;
  }
}
