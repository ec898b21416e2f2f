/** Bounds on what a peer can make one message cost. Exceeding one is a `ParseProblem`, never an exception. */
export interface Http1Limits {
  /** Bytes of a head: start line and field lines with their line ends, and the empty line. */
  readonly headBytes: number;
  /** Field lines of a head, and again of a trailer section. */
  readonly fieldCount: number;
  /** Bytes of the extensions of one chunk, from the first `;` to the line end (RFC 9112 7.1.1). */
  readonly chunkExtensionBytes: number;
  /** Bytes of all chunk extensions of one message. */
  readonly messageChunkExtensionBytes: number;
  /** Bytes of a trailer section, its empty line included. */
  readonly trailerBytes: number;
}

export const DEFAULT_HTTP1_LIMITS: Http1Limits = {
  headBytes: 65_536,
  fieldCount: 200,
  chunkExtensionBytes: 256,
  messageChunkExtensionBytes: 16_384,
  trailerBytes: 8_192,
};
