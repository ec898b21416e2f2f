/**
 * All that routing reads of a request head. The codec's request head implements it, and so does `explain`.
 * Nothing is decoded or normalised: paths are matched as they were sent.
 */
export interface RequestView {
  /** Case-sensitive, as sent. */
  readonly method: string;
  /** As sent, without the query; `*` for the OPTIONS request of that name. */
  readonly path: string;
  /** What follows the first `?`, empty where there is none. */
  readonly query: string;
  /** The Host header (or `:authority`) as sent, with its port; may be empty. */
  readonly host: string;
  /**
   * A header's value; the lines of a repeated header joined by `,`. Undefined where the request has none.
   * @param name in lower case
   */
  header(name: string): string | undefined;
}
