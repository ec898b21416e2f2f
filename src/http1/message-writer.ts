import { SP } from "./bytes/byte-classes.ts";
import { writeFields } from "./field-writer.ts";
import type { HeadEdits } from "./head-edits.ts";
import { bit, HOP_BY_HOP_MASK, KnownField } from "./known-fields.ts";
import type { MessageHead } from "./message-head.ts";
import type { OutBuffer } from "./out-buffer.ts";
import { Framing } from "./parser-event.ts";
import type { RequestHead } from "./request-head.ts";
import type { ResponseHead } from "./response-head.ts";

/** What a response says about the connection; HTTP/1.1 goes on with `none`, HTTP/1.0 needs `keep-alive` for that. */
export type ConnectionOption = "keep-alive" | "close" | "none";

/** Beyond the bytes of a head that was received: what a writer may add. */
const ADDED_BYTES = 128;

const CRLF = Buffer.from("\r\n");
const CHUNKED_LINE = Buffer.from("Transfer-Encoding: chunked\r\n");
const TE_LINES = Buffer.from("TE: trailers\r\nConnection: TE\r\n");
const TE_AND_UPGRADE_LINES = Buffer.from("TE: trailers\r\nConnection: TE, upgrade\r\n");
const UPGRADE_LINE = Buffer.from("Connection: upgrade\r\n");
const CLOSE_LINE = Buffer.from("Connection: close\r\n");
const KEEP_ALIVE_LINE = Buffer.from("Connection: keep-alive\r\n");

export interface RequestWriteOptions {
  readonly edits?: HeadEdits | undefined;
  /** Path and query to send instead of those received. */
  readonly target?: string | undefined;
  /** The Host to send instead of the one received; goes before what `edits` says. */
  readonly host?: string | undefined;
  /** How the body is sent; as it was received when absent. */
  readonly framing?: Framing | undefined;
  /** The length of the body with `Framing.Length`, where it isn't the one received. */
  readonly contentLength?: number | undefined;
}

/**
 * Appends the head of a request as it goes to an upstream: always HTTP/1.1, in origin-form; hop-by-hop fields dropped
 * (RFC 9110 7.6.1), `TE: trailers` and an upgrade kept; all else as it came, but for `edits`. Bytes that don't change
 * are copied in whole runs. HTTP/1.0 without Host is sent with an empty one, unless `host` says better.
 */
export function writeRequestHead(out: OutBuffer, head: RequestHead, options: RequestWriteOptions): void {
  const { edits, target } = options;
  const host = options.host ?? edits?.host;
  const framing = options.framing ?? head.framing;
  const contentLength = options.contentLength ?? head.contentLength;
  const isRewritten = head.isAbsoluteForm || head.versionMinor === 0;
  let runStart = head.start;
  let dropMask = HOP_BY_HOP_MASK | framingMask(head, framing, contentLength);
  if (framing === Framing.None) dropMask |= bit(KnownField.ContentLength);
  if (head.isUpgrade) dropMask &= ~bit(KnownField.Upgrade);
  out.reserve(head.sizeBytes + ADDED_BYTES);
  if (isRewritten || target !== undefined || host !== undefined || head.mustRewriteHost) {
    runStart = head.fields.start;
    if (isRewritten || target !== undefined) writeRequestLine(out, head, target);
    else out.bytes(head.fields.buffer, head.start, runStart);
    if (isRewritten || host !== undefined || head.mustRewriteHost) {
      dropMask |= bit(KnownField.Host);
      writeHost(out, head, host);
    }
    // RFC 9110 10.1.1: an expectation in HTTP/1.0 is to be ignored.
    if (head.versionMinor === 0) dropMask |= bit(KnownField.Expect);
  }
  writeFields(out, head.fields, { runStart, dropMask, edits });
  writeFraming(out, framing, dropMask, contentLength);
  if (head.acceptsTrailers) append(out, head.isUpgrade ? TE_AND_UPGRADE_LINES : TE_LINES);
  else if (head.isUpgrade) append(out, UPGRADE_LINE);
  append(out, CRLF);
}

function writeRequestLine(out: OutBuffer, head: RequestHead, target: string | undefined): void {
  out.latin1(head.method);
  out.latin1(" ");
  if (target === undefined) {
    out.latin1(head.impliedPath);
    out.bytes(head.fields.buffer, head.targetStart, head.targetEnd);
  } else {
    out.target(target);
  }
  out.latin1(" HTTP/1.1\r\n");
}

function writeHost(out: OutBuffer, head: RequestHead, host: string | undefined): void {
  out.latin1("Host: ");
  if (host === undefined) out.bytes(head.fields.buffer, head.hostStart, head.hostEnd);
  else out.fieldValue(host);
  append(out, CRLF);
}

export interface ResponseWriteOptions {
  readonly edits?: HeadEdits | undefined;
  /** How the body is sent. `None` where there is none; Content-Length then stays as information about the resource. */
  readonly framing: Framing;
  readonly connection: ConnectionOption;
}

/**
 * Appends the head of a final response, or of a 101, as it goes to a client: always HTTP/1.1, to HTTP/1.0 too (RFC 9110
 * 6.2); hop-by-hop fields dropped; all else as it came, but for `edits`.
 */
export function writeResponseHead(out: OutBuffer, head: ResponseHead, options: ResponseWriteOptions): void {
  const { edits, framing, connection } = options;
  let dropMask = HOP_BY_HOP_MASK | framingMask(head, framing, head.contentLength);
  if (head.status === 101) dropMask &= ~bit(KnownField.Upgrade);
  // RFC 9110 8.6: no Content-Length in 204 or 1xx.
  if (head.status < 200 || head.status === 204) dropMask |= bit(KnownField.ContentLength);
  out.reserve(head.sizeBytes + ADDED_BYTES);
  writeFields(out, head.fields, { runStart: writeStatusLine(out, head), dropMask, edits });
  writeFraming(out, framing, dropMask, head.contentLength);
  if (head.status === 101) append(out, UPGRADE_LINE);
  else if (connection === "close") append(out, CLOSE_LINE);
  else if (connection === "keep-alive") append(out, KEEP_ALIVE_LINE);
  append(out, CRLF);
}

/** Appends an interim response (1xx). Not for clients of HTTP/1.0 (RFC 9110 15.2). */
export function writeInformational(out: OutBuffer, head: ResponseHead): void {
  const dropMask = HOP_BY_HOP_MASK | bit(KnownField.ContentLength) | bit(KnownField.TransferEncoding);
  out.reserve(head.sizeBytes + ADDED_BYTES);
  writeFields(out, head.fields, { runStart: writeStatusLine(out, head), dropMask, edits: undefined });
  append(out, CRLF);
}

/** Where the run to copy begins: at the status line where that can stay as it came. */
function writeStatusLine(out: OutBuffer, head: ResponseHead): number {
  const buffer = head.fields.buffer;
  if (head.versionMinor === 1 && buffer[head.reasonStart - 1] === SP) return head.start;
  out.latin1(`HTTP/1.1 ${head.status} `);
  out.bytes(buffer, head.reasonStart, head.reasonEnd);
  append(out, CRLF);
  return head.fields.start;
}

/**
 * Which of the framing fields received are left out: Content-Length where it doesn't say what is sent, or not plainly;
 * Transfer-Encoding always, since unusual spellings of it are understood differently.
 */
function framingMask(head: MessageHead, framing: Framing, contentLength: number): number {
  const isLengthKept =
    (framing === Framing.Length || framing === Framing.None) &&
    head.contentLength === contentLength &&
    !head.mustRewriteLength;
  const codingBit = bit(KnownField.TransferEncoding);
  return isLengthKept ? codingBit : codingBit | bit(KnownField.ContentLength);
}

/** Writes the framing field that was not kept. */
function writeFraming(out: OutBuffer, framing: Framing, dropMask: number, contentLength: number): void {
  if (framing === Framing.Chunked) {
    append(out, CHUNKED_LINE);
  } else if (framing === Framing.Length && (dropMask & bit(KnownField.ContentLength)) !== 0) {
    out.latin1(`Content-Length: ${contentLength}\r\n`);
  }
}

function append(out: OutBuffer, bytes: Buffer): void {
  out.bytes(bytes, 0, bytes.length);
}
