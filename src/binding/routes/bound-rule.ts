import type { BackendObjectReference, HttpRouteFilter, HttpRouteRule } from "../../resources/http-route.ts";
import type { BackendTarget, BoundFilter, BoundRule, InvalidBackendReason } from "../frontend.ts";
import { describeUnsupported } from "./rule-check.ts";

/** A reference of a route that leads nowhere. */
export interface UnresolvedReference {
  readonly reason: InvalidBackendReason;
  /** Without a full stop, the place inside the rule first: `backendRefs[0]: …`. */
  readonly message: string;
}

export type ResolveBackend = (ref: BackendObjectReference) => BackendTarget;

/**
 * A rule with its references resolved. Those that lead nowhere stay in it: an invalid backend keeps its share of the
 * weights, a filter that can't be applied fails its requests, and a mirror without a target mirrors nothing.
 */
export function bindRule(
  rule: HttpRouteRule,
  index: number,
  resolve: ResolveBackend,
): { readonly rule: BoundRule; readonly unresolved: readonly UnresolvedReference[] } {
  const unresolved: UnresolvedReference[] = [];
  const resolveAt = (place: string, ref: BackendObjectReference): BackendTarget => {
    const target = resolve(ref);
    if (target.kind === "Invalid") {
      unresolved.push({ reason: target.reason, message: `${place}: ${target.message}` });
    }
    return target;
  };
  const bindFilters = (place: string, filters: readonly HttpRouteFilter[]): readonly BoundFilter[] =>
    filters.map((filter, at) => {
      const here = `${place}[${at}]`;
      if (filter.kind === "ExtensionRef") unresolved.push(unresolvedExtension(here, filter));
      return bindFilter(filter, here, resolveAt);
    });
  const bound: BoundRule = {
    index,
    ...(rule.name !== undefined && { name: rule.name }),
    matches: rule.matches,
    filters: bindFilters("filters", rule.filters),
    backends: rule.backendRefs.map((backend, at) => ({
      target: resolveAt(`backendRefs[${at}]`, backend.ref),
      weight: backend.weight,
      filters: bindFilters(`backendRefs[${at}].filters`, backend.filters),
    })),
    timeouts: rule.timeouts,
    ...(rule.retry !== undefined && { retry: rule.retry }),
  };
  return { rule: bound, unresolved };
}

/** The rule as one that answers 500 to each request that matches it. */
export function closeRule(rule: BoundRule, message: string): BoundRule {
  return { ...rule, filters: [{ kind: "Unresolved", message }], backends: [] };
}

function bindFilter(
  filter: HttpRouteFilter,
  place: string,
  resolveAt: (place: string, ref: BackendObjectReference) => BackendTarget,
): BoundFilter {
  switch (filter.kind) {
    case "RequestHeaderModifier":
    case "ResponseHeaderModifier":
    case "RequestRedirect":
    case "URLRewrite":
    case "CORS":
      return filter;
    case "RequestMirror":
      return {
        kind: "RequestMirror",
        target: resolveAt(`${place}.requestMirror.backendRef`, filter.backendRef),
        fraction: filter.fraction,
      };
    case "ExtensionRef":
      return { kind: "Unresolved", message: unresolvedExtension(place, filter).message };
    case "ExternalAuth":
    case "Unsupported":
      return { kind: "Unresolved", message: describeUnsupported(filter, place) };
  }
}

/** The mesh knows no kind of filter of its own: whatever an ExtensionRef names is of an unknown kind. */
function unresolvedExtension(
  place: string,
  filter: HttpRouteFilter & { readonly kind: "ExtensionRef" },
): UnresolvedReference {
  const kind = filter.group === "" ? filter.refKind : `${filter.refKind}.${filter.group}`;
  const message = `${place}: no filter is known by ${kind} ${JSON.stringify(filter.name)}`;
  return { reason: "InvalidKind", message };
}
