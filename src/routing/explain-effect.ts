import type { BoundBackendRef, BoundFilter, BoundRule } from "../binding/frontend.ts";
import type { Fraction, RouteRetry } from "../resources/http-route.ts";
import type { CompiledBackend, CompiledRule, ForwardAction } from "./compiled-rule.ts";
import type { CorsPlan } from "./cors.ts";
import { allowsOrigin, corsPreflight, corsResponseSteps, isPreflight } from "./cors.ts";
import type { HeaderStep } from "./header-steps.ts";
import { ignoredHeaders } from "./header-steps.ts";
import type { RedirectOrigin, RedirectPlan } from "./redirect.ts";
import { redirectLocation } from "./redirect.ts";
import type { RequestView } from "./request-view.ts";
import { rewritePath } from "./rewrite-path.ts";

/** What a rule does with a request. */
export interface RuleEffect {
  /** `preflight`: answered by the rule's CORS filter. */
  readonly action: "forward" | "redirect" | "fail" | "preflight";
  /** Why the rule answers 500. */
  readonly failure?: string;
  readonly redirect?: RedirectEffect;
  readonly cors?: CorsEffect;
  readonly responseHeaders: readonly HeaderChange[];
  readonly requestTimeoutMs?: number;
  readonly backendRequestTimeoutMs?: number;
  readonly retry?: RouteRetry;
  /** Fields that the rule's filters name and that are not theirs to change. */
  readonly ignoredHeaders: readonly string[];
  /** Every backendRef, of those without weight the share only. Empty where the rule does not forward. */
  readonly backends: readonly BackendEffect[];
}

/** What happens to the share of one backendRef. */
export interface BackendEffect {
  /** The Backend's name; absent where the reference is invalid. */
  readonly backend?: string;
  /** Why this share is answered 500. */
  readonly failure?: string;
  readonly weight: number;
  /** Of all requests of the rule, 0 to 100. */
  readonly percent: number;
  /** As the backend will see them. */
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly requestHeaders: readonly HeaderChange[];
  readonly responseHeaders: readonly HeaderChange[];
  readonly redirect?: RedirectEffect;
  readonly mirrors: readonly { readonly backend: string; readonly percent: number }[];
  readonly cors?: CorsEffect;
  readonly ignoredHeaders: readonly string[];
}

export interface HeaderChange {
  readonly action: "set" | "add" | "remove";
  readonly name: string;
  readonly value?: string;
}

export interface RedirectEffect {
  readonly status: number;
  readonly location: string;
}

export interface CorsEffect {
  readonly isPreflight: boolean;
  readonly isOriginAllowed: boolean;
  /** On the answer to the preflight, or on the response. */
  readonly responseHeaders: readonly HeaderChange[];
}

/** @param bound what `compiled` was compiled from; undefined for the implicit rule */
export function explainEffect(
  compiled: CompiledRule,
  bound: BoundRule | undefined,
  request: RequestView,
  origin: RedirectOrigin,
): RuleEffect {
  const { action, cors, retry, requestTimeoutMs, backendRequestTimeoutMs } = compiled;
  const isPreflightAnswer = action.kind !== "fail" && cors !== undefined && isPreflight(request);
  return {
    action: isPreflightAnswer ? "preflight" : action.kind,
    ...(action.kind === "fail" ? { failure: action.message } : {}),
    ...(action.kind === "redirect" ? redirectOf(action.redirect, request, origin) : {}),
    ...corsOf(cors, request),
    responseHeaders: action.kind === "redirect" ? changesOf(action.responseHeaderSteps) : [],
    ...(requestTimeoutMs > 0 ? { requestTimeoutMs } : {}),
    ...(backendRequestTimeoutMs > 0 ? { backendRequestTimeoutMs } : {}),
    ...(retry === undefined ? {} : { retry }),
    ignoredHeaders: ignoredOf(bound?.filters ?? []),
    backends: action.kind === "forward" ? explainBackends(action, bound, request, origin) : [],
  };
}

function explainBackends(
  action: ForwardAction,
  bound: BoundRule | undefined,
  request: RequestView,
  origin: RedirectOrigin,
): readonly BackendEffect[] {
  const effectOf = (backend: CompiledBackend, filters: readonly BoundFilter[]): BackendEffect =>
    explainBackend(backend, { filters, request, origin, totalWeight: action.totalWeight });
  if (bound === undefined || action.totalWeight === 0)
    return action.backends.map((backend) => effectOf(backend, []));
  const weighted = action.backends.values();
  return bound.backends.map((reference) => {
    const compiled = reference.weight > 0 ? weighted.next().value : undefined;
    return compiled === undefined ? unweighted(reference, request) : effectOf(compiled, reference.filters);
  });
}

interface BackendContext {
  readonly filters: readonly BoundFilter[];
  readonly request: RequestView;
  readonly origin: RedirectOrigin;
  readonly totalWeight: number;
}

function explainBackend(backend: CompiledBackend, context: BackendContext): BackendEffect {
  const { request, origin } = context;
  const { target, weight, redirect } = backend;
  return {
    ...(target.kind === "backend" ? { backend: target.name } : { failure: target.message }),
    weight,
    percent: context.totalWeight === 0 ? 100 : (100 * weight) / context.totalWeight,
    host: backend.rewrite.host ?? request.host,
    path: rewritePath(backend.rewrite.path, request.path),
    query: request.query,
    requestHeaders: changesOf(backend.requestHeaderSteps),
    responseHeaders: changesOf(backend.responseHeaderSteps),
    ...(redirect === undefined ? {} : redirectOf(redirect, request, origin)),
    mirrors: backend.mirrors.map((mirror) => ({
      backend: mirror.backend,
      percent: percentOf(mirror.fraction),
    })),
    ...corsOf(backend.cors, request),
    ignoredHeaders: ignoredOf(context.filters),
  };
}

/** A reference that gets no traffic, and so was not compiled. */
function unweighted(reference: BoundBackendRef, request: RequestView): BackendEffect {
  const { target } = reference;
  return {
    ...(target.kind === "Backend" ? { backend: target.name } : { failure: target.message }),
    weight: 0,
    percent: 0,
    host: request.host,
    path: request.path,
    query: request.query,
    requestHeaders: [],
    responseHeaders: [],
    mirrors: [],
    ignoredHeaders: [],
  };
}

function redirectOf(
  plan: RedirectPlan,
  request: RequestView,
  origin: RedirectOrigin,
): { readonly redirect: RedirectEffect } {
  return { redirect: redirectLocation(plan, request, origin) };
}

function corsOf(plan: CorsPlan | undefined, request: RequestView): { readonly cors?: CorsEffect } {
  if (plan === undefined) return {};
  const isAsking = isPreflight(request);
  const responseHeaders = isAsking
    ? corsPreflight(plan, request).headers.map((header) => ({ action: "set" as const, ...header }))
    : changesOf(corsResponseSteps(plan, request));
  return {
    cors: {
      isPreflight: isAsking,
      isOriginAllowed: allowsOrigin(plan, request.header("origin")),
      responseHeaders,
    },
  };
}

function changesOf(steps: readonly HeaderStep[]): readonly HeaderChange[] {
  return steps.map(({ kind, name, value }) => ({
    action: kind,
    name,
    ...(kind === "remove" ? {} : { value }),
  }));
}

function ignoredOf(filters: readonly BoundFilter[]): readonly string[] {
  return filters.flatMap((filter) =>
    filter.kind === "RequestHeaderModifier" || filter.kind === "ResponseHeaderModifier"
      ? ignoredHeaders(filter.headers)
      : [],
  );
}

function percentOf(fraction: Fraction): number {
  return (100 * fraction.numerator) / fraction.denominator;
}
