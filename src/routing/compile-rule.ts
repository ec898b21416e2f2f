import type { BoundBackendRef, BoundFilter, BoundRoute, BoundRule } from "../binding/frontend.ts";
import type {
  CompiledBackend,
  CompiledRule,
  ForwardAction,
  MirrorPlan,
  RouteTarget,
  RuleAction,
  RuleLabels,
} from "./compiled-rule.ts";
import type { CorsPlan } from "./cors.ts";
import { planCors } from "./cors.ts";
import type { HeaderStep } from "./header-steps.ts";
import { hostOf, NO_STEPS, planHeaderSteps } from "./header-steps.ts";
import type { RedirectPlan } from "./redirect.ts";
import { planRedirect } from "./redirect.ts";
import type { RewritePlan } from "./rewrite-path.ts";
import { KEEP_TARGET, planRewrite } from "./rewrite-path.ts";

/** What a list of filters amounts to. `failure` is set where one of them can't be applied and must not be skipped. */
interface FilterPlan {
  readonly failure: string | undefined;
  readonly requestHeaderSteps: readonly HeaderStep[];
  readonly responseHeaderSteps: readonly HeaderStep[];
  readonly rewrite: RewritePlan;
  readonly redirect: RedirectPlan | undefined;
  readonly mirrors: readonly MirrorPlan[];
  readonly cors: CorsPlan | undefined;
}

const NO_MIRRORS: readonly MirrorPlan[] = [];
const NO_FILTERS: FilterPlan = {
  failure: undefined,
  requestHeaderSteps: NO_STEPS,
  responseHeaderSteps: NO_STEPS,
  rewrite: KEEP_TARGET,
  redirect: undefined,
  mirrors: NO_MIRRORS,
  cors: undefined,
};

const NO_PREFIX_MESSAGE = "ReplacePrefixMatch needs a rule with exactly one match, of type PathPrefix";

/** The rule of a Service port that no route is bound to: everything goes to the Service's own backend. */
export function compileImplicitRule(backend: string): CompiledRule {
  const target: RouteTarget = { kind: "backend", name: backend };
  return {
    labels: { routeKind: "", routeNamespace: "", route: "", rule: "" },
    action: forwardTo([compiledBackend(target, 1, NO_FILTERS)], NO_FILTERS),
    cors: undefined,
    requestTimeoutMs: 0,
    backendRequestTimeoutMs: 0,
    retry: undefined,
  };
}

/** Never fails: what can't be applied answers 500 for the requests that it concerns. */
export function compileRule(route: BoundRoute, rule: BoundRule): CompiledRule {
  const prefix = onlyPrefix(rule);
  const filters = planFilters(rule.filters, prefix, NO_FILTERS);
  return {
    labels: ruleLabels(route, rule),
    action: compileAction(rule, filters, prefix),
    cors: filters.cors,
    requestTimeoutMs: rule.timeouts.requestMs ?? 0,
    backendRequestTimeoutMs: rule.timeouts.backendRequestMs ?? 0,
    retry: rule.retry,
  };
}

function ruleLabels(route: BoundRoute, rule: BoundRule): RuleLabels {
  return {
    routeKind: "HTTPRoute",
    routeNamespace: route.namespace,
    route: route.name,
    rule: rule.name ?? String(rule.index),
  };
}

function compileAction(rule: BoundRule, filters: FilterPlan, prefix: string | undefined): RuleAction {
  const { failure, redirect, responseHeaderSteps } = filters;
  if (failure !== undefined) return { kind: "fail", message: failure };
  if (redirect !== undefined) return { kind: "redirect", redirect, responseHeaderSteps };
  if (rule.backends.length === 0) return { kind: "fail", message: "the rule has no backendRefs" };
  const backends = rule.backends
    .filter((backend) => backend.weight > 0)
    .map((backend) => compileBackendRef(backend, filters, prefix));
  return forwardTo(backends, filters);
}

function forwardTo(backends: readonly CompiledBackend[], filters: FilterPlan): ForwardAction {
  const [first = zeroWeights(filters), ...others] = backends;
  let totalWeight = 0;
  const cumulativeWeights: number[] = [];
  for (const backend of backends) {
    totalWeight += backend.weight;
    cumulativeWeights.push(totalWeight);
  }
  return { kind: "forward", backends: [first, ...others], cumulativeWeights, totalWeight };
}

function zeroWeights(filters: FilterPlan): CompiledBackend {
  return failingBackend("the weights of all backendRefs are zero", 0, filters);
}

function compileBackendRef(
  backend: BoundBackendRef,
  ruleFilters: FilterPlan,
  prefix: string | undefined,
): CompiledBackend {
  const filters = planFilters(backend.filters, prefix, ruleFilters);
  if (filters.failure !== undefined) return failingBackend(filters.failure, backend.weight, ruleFilters);
  if (backend.target.kind === "Invalid") {
    return failingBackend(backend.target.message, backend.weight, ruleFilters);
  }
  return compiledBackend({ kind: "backend", name: backend.target.name }, backend.weight, filters);
}

/** Keeps the rule's CORS, so that a preflight is answered and a browser may see the failure; mirrors nothing. */
function failingBackend(message: string, weight: number, ruleFilters: FilterPlan): CompiledBackend {
  return compiledBackend({ kind: "fail", message }, weight, { ...ruleFilters, mirrors: NO_MIRRORS });
}

function compiledBackend(target: RouteTarget, weight: number, filters: FilterPlan): CompiledBackend {
  return {
    target,
    weight,
    requestHeaderSteps: filters.requestHeaderSteps,
    responseHeaderSteps: filters.responseHeaderSteps,
    rewrite: filters.rewrite,
    redirect: filters.redirect,
    mirrors: filters.mirrors,
    cors: filters.cors,
  };
}

/** The plan of `before` with further filters applied after it; of two that set the same thing the later one counts. */
function planFilters(
  filters: readonly BoundFilter[],
  prefix: string | undefined,
  before: FilterPlan,
): FilterPlan {
  return filters.reduce((plan, filter) => applyFilter(plan, filter, prefix), before);
}

function applyFilter(plan: FilterPlan, filter: BoundFilter, prefix: string | undefined): FilterPlan {
  switch (filter.kind) {
    case "RequestHeaderModifier":
      return {
        ...plan,
        requestHeaderSteps: append(plan.requestHeaderSteps, planHeaderSteps(filter.headers)),
        rewrite: rewriteAfter(plan.rewrite, { host: hostOf(filter.headers), path: KEEP_TARGET.path }),
      };
    case "ResponseHeaderModifier":
      return {
        ...plan,
        responseHeaderSteps: append(plan.responseHeaderSteps, planHeaderSteps(filter.headers)),
      };
    case "RequestRedirect": {
      const redirect = planRedirect(filter.redirect, prefix);
      return redirect === undefined ? failed(plan, NO_PREFIX_MESSAGE) : { ...plan, redirect };
    }
    case "URLRewrite": {
      const rewrite = planRewrite(filter.rewrite, prefix);
      if (rewrite === undefined) return failed(plan, NO_PREFIX_MESSAGE);
      return { ...plan, rewrite: rewriteAfter(plan.rewrite, rewrite) };
    }
    case "RequestMirror":
      return { ...plan, mirrors: append(plan.mirrors, compileMirror(filter)) };
    case "CORS":
      return { ...plan, cors: planCors(filter.cors) };
    case "Unresolved":
      return failed(plan, filter.message);
  }
}

function failed(plan: FilterPlan, message: string): FilterPlan {
  return plan.failure === undefined ? { ...plan, failure: message } : plan;
}

function compileMirror(filter: BoundFilter & { kind: "RequestMirror" }): readonly MirrorPlan[] {
  if (filter.target.kind === "Invalid") return NO_MIRRORS;
  return [{ backend: filter.target.name, fraction: filter.fraction }];
}

function rewriteAfter(before: RewritePlan, rewrite: RewritePlan): RewritePlan {
  const host = rewrite.host ?? before.host;
  const path = rewrite.path.kind === "keep" ? before.path : rewrite.path;
  return host === undefined && path.kind === "keep" ? KEEP_TARGET : { host, path };
}

function append<T>(before: readonly T[], after: readonly T[]): readonly T[] {
  if (after.length === 0) return before;
  return before.length === 0 ? after : [...before, ...after];
}

/** The prefix that ReplacePrefixMatch replaces: the API allows that filter only beside a single PathPrefix match. */
function onlyPrefix(rule: BoundRule): string | undefined {
  const [match] = rule.matches;
  return rule.matches.length === 1 && match?.path.kind === "PathPrefix" ? match.path.value : undefined;
}
