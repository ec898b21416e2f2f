import { CachedText } from "./bytes/cached-text.ts";
import { latin1TextAt } from "./bytes/latin1.ts";
import { KnownField } from "./known-fields.ts";
import { MessageHead } from "./message-head.ts";
import type { ParseProblem } from "./parse-problem.ts";
import { Framing } from "./parser-event.ts";

/** The head of a response, interim or final. */
export class ResponseHead extends MessageHead {
  /** 100 to 999; 600 and above are no valid statuses but are forwarded as they are (RFC 9110 15). */
  status = 0;
  /** For parser and writers: where the reason phrase lies; empty when both are equal. */
  reasonStart = 0;
  reasonEnd = 0;

  private readonly keepAliveText = new CachedText();
  private keepAliveRead = "";
  private keepAliveSeconds: number | undefined;

  /** The reason phrase, each byte a character; often empty. */
  get reason(): string {
    return latin1TextAt(this.fields.buffer, this.reasonStart, this.reasonEnd);
  }

  /**
   * How long the server says it keeps the idle connection (`Keep-Alive: timeout=5`), in seconds; undefined when it
   * says nothing that can be understood.
   */
  get keepAliveTimeoutSeconds(): number | undefined {
    const fields = this.fields;
    const index = fields.indexOfKnown(KnownField.KeepAlive);
    if (index < 0) return undefined;
    const text = this.keepAliveText.read(fields.buffer, fields.valueStart(index), fields.valueEnd(index));
    // Servers say the same in every response, so the text before is mostly this one.
    if (text !== this.keepAliveRead) {
      this.keepAliveRead = text;
      const digits = /(?:^|[\s,])timeout\s*=\s*"?(\d{1,9})/i.exec(text)?.[1];
      this.keepAliveSeconds = digits === undefined ? undefined : Number(digits);
    }
    return this.keepAliveSeconds;
  }

  /** Forgets the response before. */
  clear(): void {
    this.clearCommon();
    this.status = 0;
  }

  /** Moves the offsets, because the head now lies elsewhere. */
  moveTo(distance: number): void {
    this.start += distance;
    this.reasonStart += distance;
    this.reasonEnd += distance;
    this.end += distance;
  }

  /**
   * Reads what the fields say, once all are there (RFC 9112 6.3).
   * @param mayHaveBody false for the response to HEAD.
   */
  conclude(mayHaveBody: boolean): ParseProblem | undefined {
    const fields = this.fields;
    for (let index = 0; index < fields.count; index++) {
      const id = fields.id(index);
      if (id === KnownField.Other) continue;
      const problem = this.readField(id, index);
      if (problem !== undefined) return problem;
    }
    const problem = this.concludeCommon();
    if (problem !== undefined) return problem;
    if (!mayHaveBody || hasNeverBody(this.status)) {
      this.framing = Framing.None;
    } else if (this.isChunked) {
      this.framing = Framing.Chunked;
    } else if (this.contentLength >= 0) {
      this.framing = Framing.Length;
    } else {
      this.framing = Framing.Close;
      this.keepAlive = false;
    }
    return undefined;
  }

  private readField(id: number, index: number): ParseProblem | undefined {
    switch (id) {
      case KnownField.ContentLength:
        return this.readContentLength(index);
      case KnownField.TransferEncoding:
        this.readTransferEncoding(index);
        return undefined;
      case KnownField.Connection:
        return this.readConnection(index);
      case KnownField.WwwAuthenticate:
        this.readAuthentication(index);
        return undefined;
      default:
        return undefined;
    }
  }

  /** 101 with the fields that make it one (RFC 9110 15.2.2). */
  get isUpgrade(): boolean {
    return this.status === 101 && this.hasUpgradeOption && this.fields.indexOfKnown(KnownField.Upgrade) >= 0;
  }
}

/** Statuses whose responses have no body whatever their fields say (RFC 9112 6.3). */
export function hasNeverBody(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}
