/** What `next()` of a parser found. Numbers, because they are compared for every piece of every message. */
export const ParserEvent = {
  /** The fed bytes are used up: feed more. */
  NeedMore: 0,
  /** A head is complete. */
  Head: 1,
  /** An interim response (1xx, but not 101) is complete; the final one follows. Responses only. */
  Informational: 2,
  /** Body bytes lie between `dataStart` and `dataEnd` of the fed buffer. */
  Data: 3,
  /** The trailer section of a chunked body is complete and not empty. */
  Trailers: 4,
  /** The message is complete. */
  End: 5,
  /** The bytes are no HTTP/1.1 or break a limit: see `error`. The connection can't be read further. */
  Error: 6,
} as const;

export type ParserEvent = (typeof ParserEvent)[keyof typeof ParserEvent];

/** How the end of a body is known (RFC 9112 6.3). */
export const Framing = {
  /** There is no body. */
  None: 0,
  /** By Content-Length. */
  Length: 1,
  /** By the last chunk. */
  Chunked: 2,
  /** By the end of the connection. Responses only. */
  Close: 3,
} as const;

export type Framing = (typeof Framing)[keyof typeof Framing];
