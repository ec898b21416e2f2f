import type { Cors } from "../resources/http-route.ts";
import type { OriginPattern } from "./cors-origin.ts";
import { compileOrigin, matchesOrigin, parseOrigin } from "./cors-origin.ts";
import type { HeaderStep } from "./header-steps.ts";
import { headerStep } from "./header-steps.ts";
import type { RequestView } from "./request-view.ts";

/**
 * A CORS filter (HTTPCORSFilter, apis/v1/httproute_types.go; the protocol is that of
 * https://fetch.spec.whatwg.org/#http-cors-protocol).
 *
 * Where the API leaves a choice: any origin without credentials is answered `*`, which caches best; an unmatched
 * origin's preflight is answered 204 without CORS headers; a wildcard of headers is answered by the headers asked
 * for, because for a browser `*` leaves out Authorization.
 */
export interface CorsPlan {
  readonly allowsAnyOrigin: boolean;
  readonly origins: readonly OriginPattern[];
  readonly allowsCredentials: boolean;
  /** `*`: all methods. Empty: only those that CORS always allows. */
  readonly allowMethods: string;
  readonly allowHeaders: string;
  readonly exposeHeaders: string;
  readonly maxAge: string;
}

export function planCors(cors: Cors): CorsPlan {
  return {
    allowsAnyOrigin: cors.allowOrigins.includes("*"),
    origins: cors.allowOrigins.filter((origin) => origin !== "*").flatMap(compileOrigin),
    allowsCredentials: cors.allowCredentials,
    allowMethods: joinOrWildcard(cors.allowMethods),
    allowHeaders: joinOrWildcard(cors.allowHeaders),
    exposeHeaders: exposedHeaders(cors),
    maxAge: String(cors.maxAgeSeconds),
  };
}

/** Whether a request asks for permission only, so that a rule with a CORS filter answers it itself. */
export function isPreflight(request: RequestView): boolean {
  return (
    request.method === "OPTIONS" &&
    request.header("origin") !== undefined &&
    request.header("access-control-request-method") !== undefined
  );
}

/** The proxy's answer to a preflight: a status and the headers beside those that any answer has. */
export function corsPreflight(
  plan: CorsPlan,
  request: RequestView,
): { readonly status: 204; readonly headers: readonly { readonly name: string; readonly value: string }[] } {
  const steps = originSteps(plan, request.header("origin"));
  if (allowsOrigin(plan, request.header("origin"))) {
    const requestedMethod = request.header("access-control-request-method") ?? "";
    const requestedHeaders = request.header("access-control-request-headers") ?? "";
    const isMethodEchoed = plan.allowMethods === "*" && plan.allowsCredentials;
    addStep(steps, "Access-Control-Allow-Methods", isMethodEchoed ? requestedMethod : plan.allowMethods);
    addStep(
      steps,
      "Access-Control-Allow-Headers",
      plan.allowHeaders === "*" ? requestedHeaders : plan.allowHeaders,
    );
    addStep(steps, "Access-Control-Max-Age", plan.maxAge);
  }
  const headers = steps.flatMap(({ kind, name, value }) => (kind === "remove" ? [] : [{ name, value }]));
  return { status: 204, headers };
}

/**
 * What a CORS filter changes on the response to any other request. The upstream's own permissions are replaced, and
 * taken away where the origin is not allowed; a request without Origin only learns that the answer varies.
 */
export function corsResponseSteps(plan: CorsPlan, request: RequestView): readonly HeaderStep[] {
  return originSteps(plan, request.header("origin"));
}

/** Whether the filter lets scripts of an origin read the response; false without an Origin. */
export function allowsOrigin(plan: CorsPlan, origin: string | undefined): boolean {
  if (origin === undefined) return false;
  if (plan.allowsAnyOrigin) return true;
  const parsed = parseOrigin(origin);
  return parsed !== undefined && plan.origins.some((pattern) => matchesOrigin(pattern, parsed));
}

function originSteps(plan: CorsPlan, origin: string | undefined): HeaderStep[] {
  const steps: HeaderStep[] = [];
  const isEchoed = !plan.allowsAnyOrigin || plan.allowsCredentials;
  if (origin !== undefined) {
    const isAllowed = allowsOrigin(plan, origin);
    setOrRemove(steps, "Access-Control-Allow-Origin", isAllowed ? (isEchoed ? origin : "*") : "");
    setOrRemove(steps, "Access-Control-Allow-Credentials", isAllowed && plan.allowsCredentials ? "true" : "");
    setOrRemove(steps, "Access-Control-Expose-Headers", isAllowed ? plan.exposeHeaders : "");
  }
  // Without it a cache could hand the answer for one origin to another (Fetch: CORS protocol and HTTP caches).
  if (isEchoed) steps.push(headerStep("add", "Vary", "Origin"));
  return steps;
}

function addStep(steps: HeaderStep[], name: string, value: string): void {
  if (value !== "") steps.push(headerStep("set", name, value));
}

function setOrRemove(steps: HeaderStep[], name: string, value: string): void {
  steps.push(headerStep(value === "" ? "remove" : "set", name, value));
}

function joinOrWildcard(values: readonly string[]): string {
  return values.includes("*") ? "*" : values.join(", ");
}

/** With credentials a browser takes `*` for the name of a header, so it must not be sent. */
function exposedHeaders(cors: Cors): string {
  if (!cors.allowCredentials) return joinOrWildcard(cors.exposeHeaders);
  return cors.exposeHeaders.filter((name) => name !== "*").join(", ");
}
