import { CR, LF, SP, TOKEN } from "./bytes/byte-classes.ts";
import { registeredMethodAt } from "./bytes/methods.ts";

export type DetectedProtocol = "http1" | "http2" | "tls" | "unknown" | "need-more";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HTTP_SCHEME = "http://";
const TLS_HANDSHAKE = 0x16;
const TLS_MAJOR = 3;
const SLASH = 0x2f;
const ASTERISK = 0x2a;

/** Longer than any method in use. */
const LONGEST_METHOD = 32;

/**
 * Tells from the first bytes of a client what it speaks.
 * `http2`: the whole connection preface with prior knowledge (RFC 9113 3.4). `tls`: a handshake record.
 * `http1`: a registered method, or some token with what can be a request target behind it; the parser judges the rest.
 * `need-more`: too early to tell; at most 40 bytes are needed.
 */
export function protocolOf(buffer: Buffer, start: number, end: number): DetectedProtocol {
  if (start === end) return "need-more";
  if (buffer[start] === TLS_HANDSHAKE) {
    if (end - start === 1) return "need-more";
    return buffer[start + 1] === TLS_MAJOR ? "tls" : "unknown";
  }
  const prefaceBytes = prefixLength(buffer, start, end, PREFACE);
  if (prefaceBytes === PREFACE.length) return "http2";
  if (start + prefaceBytes === end) return "need-more";
  return detectHttp1(buffer, skipEmptyLine(buffer, start, end), end);
}

/** A client may send an empty line before its request (RFC 9112 2.2). */
function skipEmptyLine(buffer: Buffer, start: number, end: number): number {
  let i = start;
  if (i < end && buffer[i] === CR) i++;
  if (i > start && i < end && buffer[i] === LF) i++;
  return i;
}

function detectHttp1(buffer: Buffer, start: number, end: number): DetectedProtocol {
  let i = start;
  const longest = Math.min(end, start + LONGEST_METHOD + 1);
  while (i < longest && TOKEN[buffer[i] as number] !== 0) i++;
  if (i - start > LONGEST_METHOD) return "unknown";
  if (i === end) return "need-more";
  if (i > start && registeredMethodAt(buffer, start, i) !== undefined) return "http1";
  if (i === start || buffer[i] !== SP) return "unknown";
  i++;
  if (i === end) return "need-more";
  if (buffer[i] === SLASH || buffer[i] === ASTERISK) return "http1";
  const schemeBytes = prefixLength(buffer, i, end, HTTP_SCHEME);
  if (schemeBytes === HTTP_SCHEME.length) return "http1";
  return i + schemeBytes === end ? "need-more" : "unknown";
}

/** How many bytes from `start` are those of `text`. */
function prefixLength(buffer: Buffer, start: number, end: number, text: string): number {
  const longest = Math.min(end - start, text.length);
  let length = 0;
  while (length < longest && buffer[start + length] === text.charCodeAt(length)) length++;
  return length;
}
