import type { PathModifier, UrlRewrite } from "../resources/http-route.ts";

/** How a request's target changes before it is forwarded. The query is always kept. */
export interface RewritePlan {
  /** Replaces Host (`:authority`); undefined keeps it. */
  readonly host: string | undefined;
  readonly path: PathPlan;
}

export type PathPlan =
  | { readonly kind: "keep" }
  | { readonly kind: "full"; readonly path: string }
  /** The first `prefixLength` characters are replaced. `replacement` has no trailing slash and may be empty. */
  | { readonly kind: "prefix"; readonly prefixLength: number; readonly replacement: string };

const KEEP_PATH: PathPlan = { kind: "keep" };

/** Changes nothing; one object, so that `rewrite === KEEP_TARGET` is a cheap test. */
export const KEEP_TARGET: RewritePlan = { host: undefined, path: KEEP_PATH };

/** @param prefix the rule's only PathPrefix; undefined where it has none (then ReplacePrefixMatch has no plan) */
export function planRewrite(rewrite: UrlRewrite, prefix: string | undefined): RewritePlan | undefined {
  const path = planPath(rewrite.path, prefix);
  return path === undefined ? undefined : { host: rewrite.hostname, path };
}

/** Undefined where a ReplacePrefixMatch meets no single PathPrefix, which the API forbids. */
export function planPath(
  modifier: PathModifier | undefined,
  prefix: string | undefined,
): PathPlan | undefined {
  if (modifier === undefined) return KEEP_PATH;
  if (modifier.kind === "ReplaceFullPath") return { kind: "full", path: absolutePath(modifier.value) };
  if (prefix === undefined) return undefined;
  return {
    kind: "prefix",
    prefixLength: withoutTrailingSlash(prefix).length,
    replacement: withoutTrailingSlash(absolutePath(modifier.value)),
  };
}

/**
 * The new path of a request that the rule matched. Follows the table at HTTPPathModifier.ReplacePrefixMatch
 * (apis/v1/httproute_types.go). A target that is no path (`*`) stays as it is.
 */
export function rewritePath(plan: PathPlan, path: string): string {
  if (plan.kind === "keep" || !path.startsWith("/")) return path;
  if (plan.kind === "full") return plan.path;
  const rest = path.length === plan.prefixLength ? "" : path.slice(plan.prefixLength);
  return plan.replacement === "" && rest === "" ? "/" : plan.replacement + rest;
}

export function withoutTrailingSlash(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}

/**
 * A route's replacement as a path that is safe in a request line: the API restricts neither its characters nor its
 * beginning. What can't stand in a path (also `?` and `#`) is percent-encoded; what is encoded already stays.
 */
function absolutePath(value: string): string {
  const path = value.replaceAll(/[^!$%&'()*+,\-./0-9:;=@A-Z_a-z~]+/g, encodeText);
  return path.startsWith("/") ? path : `/${path}`;
}

function encodeText(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
