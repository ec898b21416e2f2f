import type { RequestHead } from "../http1/request-head.ts";
import { type RewritePlan, rewritePath } from "../routing/rewrite-path.ts";

/** The path and query that a backend is sent; undefined where they stay as they came. */
export function forwardedTarget({ path }: RewritePlan, head: RequestHead): string | undefined {
  if (path.kind === "keep") return undefined;
  const { query } = head;
  const rewritten = rewritePath(path, head.path);
  return query === undefined ? rewritten : `${rewritten}?${query}`;
}
