import type { RequestHead } from "../http1/request-head.ts";
import { type RewritePlan, rewritePath } from "../routing/rewrite-path.ts";

/** The path and query that a backend is sent; undefined where they stay as they came. */
export function forwardedTarget({ path }: RewritePlan, head: RequestHead): string | undefined {
  if (path.kind === "keep") return undefined;
  const { query } = head;
  const rewritten = rewritePath(path, head.path);
  return query === undefined ? rewritten : `${rewritten}?${query}`;
}

/**
 * The Host that a backend is sent; undefined where it stays as it came. HTTP/1.0 knows requests without one, but
 * HTTP/1.1, which is what endpoints are sent, does not (RFC 9112, section 3.2): the address dialled stands in.
 */
export function forwardedHost(
  { host }: RewritePlan,
  head: RequestHead,
  dialledAuthority: string,
): string | undefined {
  if (host !== undefined) return host;
  return head.versionMinor === 0 && head.host === undefined ? dialledAuthority : undefined;
}
