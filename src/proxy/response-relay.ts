import { writeChunk, writeLastChunk } from "../http1/body-writer.ts";
import type { FieldTable } from "../http1/field-table.ts";
import type { HeadEdits } from "../http1/head-edits.ts";
import { type ConnectionOption, writeInformational, writeResponseHead } from "../http1/message-writer.ts";
import { Framing } from "../http1/parser-event.ts";
import type { RequestHead } from "../http1/request-head.ts";
import type { ResponseHead } from "../http1/response-head.ts";
import type { Wire } from "./wire.ts";

/** Writes an upstream's response to the client, in the framing that the client understands. */
export class ResponseRelay {
  /** Of the response passed on; 0 while there is none. */
  status = 0;
  /** Body bytes passed on, without framing. */
  bytes = 0;
  /** The client may send another request after this response. */
  keepsAlive = false;
  readonly #wire: Wire;
  readonly #versionMinor: number;
  readonly #acceptsTrailers: boolean;
  #framing: Framing = Framing.None;
  #needsLastChunk = false;

  constructor(wire: Wire, request: RequestHead) {
    this.#wire = wire;
    this.#versionMinor = request.versionMinor;
    this.#acceptsTrailers = request.acceptsTrailers;
  }

  /** Bytes of a final response are out: nothing else can be answered any more. */
  get hasBegun(): boolean {
    return this.status !== 0;
  }

  /** The client can't tell the end of the body from a break but by how the connection ends. */
  get endsWithConnection(): boolean {
    return this.#framing === Framing.Close;
  }

  /** HTTP/1.0 knows no interim responses (RFC 9110, section 15.2). */
  informational(head: ResponseHead): void {
    if (this.#versionMinor > 0) writeInformational(this.#wire.out, head);
  }

  head(head: ResponseHead, edits: HeadEdits | undefined, mayKeepAlive: boolean): void {
    this.status = head.status;
    this.#framing = this.#framingFor(head);
    this.#needsLastChunk = this.#framing === Framing.Chunked;
    this.keepsAlive = mayKeepAlive && this.#framing !== Framing.Close;
    const connection = head.status === 101 ? "none" : this.#connectionOption;
    writeResponseHead(this.#wire.out, head, { edits, framing: this.#framing, connection });
  }

  /** What ends with the connection ends with a chunk here, so that the client can tell the end from a break. */
  #framingFor({ framing }: ResponseHead): Framing {
    if (framing !== Framing.Chunked && framing !== Framing.Close) return framing;
    return this.#versionMinor === 0 ? Framing.Close : Framing.Chunked;
  }

  get #connectionOption(): ConnectionOption {
    if (!this.keepsAlive) return "close";
    return this.#versionMinor === 0 ? "keep-alive" : "none";
  }

  data(buffer: Buffer, start: number, end: number): void {
    const { out } = this.#wire;
    this.bytes += end - start;
    if (this.#framing === Framing.Chunked) writeChunk(out, buffer, start, end);
    else out.bytes(buffer, start, end);
  }

  trailers(trailers: FieldTable): void {
    if (!this.#needsLastChunk) return;
    this.#needsLastChunk = false;
    writeLastChunk(this.#wire.out, this.#acceptsTrailers ? trailers : undefined);
  }

  end(): void {
    if (!this.#needsLastChunk) return;
    this.#needsLastChunk = false;
    writeLastChunk(this.#wire.out);
  }
}
