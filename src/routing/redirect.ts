import type { RequestRedirect } from "../resources/http-route.ts";
import { hostWithoutPort } from "./host.ts";
import type { RequestView } from "./request-view.ts";
import type { PathPlan } from "./rewrite-path.ts";
import { planPath, rewritePath } from "./rewrite-path.ts";

export interface RedirectPlan {
  readonly status: 301 | 302 | 303 | 307 | 308;
  readonly scheme: string | undefined;
  readonly hostname: string | undefined;
  readonly port: number | undefined;
  readonly path: PathPlan;
}

/** How the client reached the proxy. */
export interface RedirectOrigin {
  readonly scheme: "http" | "https";
  /** The address dialled, IPv6 in brackets: stands in where the request names no usable host. */
  readonly host: string;
  /** The Service port dialled. */
  readonly port: number;
}

/** Undefined where a ReplacePrefixMatch meets no single PathPrefix, which the API forbids. */
export function planRedirect(
  redirect: RequestRedirect,
  prefix: string | undefined,
): RedirectPlan | undefined {
  const path = planPath(redirect.path, prefix);
  if (path === undefined) return undefined;
  return {
    status: redirect.statusCode,
    scheme: redirect.scheme,
    hostname: redirect.hostname === "" ? undefined : redirect.hostname,
    port: redirect.port,
    path,
  };
}

/**
 * The answer to a redirected request: `location` is always an absolute URL with the request's query.
 * Scheme, host and port follow HTTPRequestRedirectFilter (apis/v1/httproute_types.go); its "listener port" is the
 * Service port that the client dialled.
 */
export function redirectLocation(
  plan: RedirectPlan,
  request: RequestView,
  origin: RedirectOrigin,
): { readonly status: number; readonly location: string } {
  const scheme = plan.scheme ?? origin.scheme;
  const host = plan.hostname ?? hostWithoutPort(request.host) ?? origin.host;
  const port = portSuffix(scheme, plan.port ?? wellKnownPort(plan.scheme) ?? origin.port);
  const path = rewritePath(plan.path, request.path.startsWith("/") ? request.path : "/");
  const query = request.query === "" ? "" : `?${request.query}`;
  return { status: plan.status, location: `${scheme}://${host}${port}${path}${query}` };
}

function wellKnownPort(scheme: string | undefined): number | undefined {
  if (scheme === "http") return 80;
  return scheme === "https" ? 443 : undefined;
}

function portSuffix(scheme: string, port: number): string {
  return port === wellKnownPort(scheme) ? "" : `:${port}`;
}
