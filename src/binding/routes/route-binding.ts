import type { InvalidHttpRoute } from "../../resources/http-route/invalid-http-route.ts";
import type { HttpRoute } from "../../resources/http-route.ts";
import { backendName } from "../backend.ts";
import type { BoundRoute, BoundRule, RouteScope } from "../frontend.ts";
import type { RouteStatus } from "../route-status.ts";
import { type ReferenceScope, resolveBackend } from "./backend-reference.ts";
import { bindRule, closeRule } from "./bound-rule.ts";
import { refusal, routeConditions } from "./conditions.ts";
import { attachParents, type ParentAttachment, serviceParents } from "./parent-attachment.ts";
import { checkRule, type RuleFault } from "./rule-check.ts";

/** All that one route comes to: a function of the route, of the Services that it names, and of grants. */
export interface RouteBinding {
  readonly route: HttpRoute | InvalidHttpRoute;
  readonly status: RouteStatus;
  /** What is served at the ports, without the rules that were dropped; absent where none of them is left. */
  readonly bound?: BoundRoute;
  /** Where it attaches, each port once; empty where nothing is served. */
  readonly ports: readonly AttachedPort[];
}

export interface AttachedPort {
  /** The name of the port's own Backend. */
  readonly backend: string;
  readonly scope: RouteScope;
}

/**
 * A route whose rules all answer 500 for want of a filter is not Accepted and yet served: if it were not, its requests
 * would go to the Service without that filter.
 */
export function bindRoute(route: HttpRoute, scope: ReferenceScope): RouteBinding {
  const { namespace, name } = route.meta;
  const parents = attachParents(route, scope.services);
  const verdicts = route.rules.map((rule, index) => {
    const bound = bindRule(rule, index, (ref) => resolveBackend(ref, namespace, scope));
    return { rule, fault: checkRule(rule), bound: bound.rule, unresolved: bound.unresolved };
  });
  const status: RouteStatus = {
    kind: "HTTPRoute",
    namespace,
    name,
    parents: parents.map((parent) => ({
      parentRef: parent.parentRef,
      conditions: routeConditions(route, verdicts, parent),
    })),
  };
  const rules = verdicts.flatMap(({ bound, fault }) => serveRule(bound, fault));
  if (rules.length === 0 && verdicts.length > 0) return { route, status, ports: [] };
  return { route, status, bound: { namespace, name, rules }, ports: attachedPorts(namespace, parents) };
}

/**
 * A route that was refused is bound nowhere, and says why to each of its parents. What it was before plays no part, so
 * that all who read it come to the same, those too who never saw it before.
 */
export function bindInvalidRoute(route: InvalidHttpRoute): RouteBinding {
  const { namespace, name } = route.meta;
  const conditions = [refusal(route)];
  const parents = serviceParents(route.parentRefs).map((parentRef) => ({ parentRef, conditions }));
  return { route, status: { kind: "HTTPRoute", namespace, name, parents }, ports: [] };
}

function serveRule(rule: BoundRule, fault: RuleFault | undefined): readonly BoundRule[] {
  switch (fault?.effect) {
    case undefined:
    case "keep":
      return [rule];
    case "close":
      return [closeRule(rule, fault.message)];
    case "drop":
      return [];
  }
}

/** Two parentRefs may name the same port. */
function attachedPorts(namespace: string, parents: readonly ParentAttachment[]): readonly AttachedPort[] {
  const ports = new Map<string, AttachedPort>();
  for (const parent of parents) {
    if (parent.kind === "unmatched") continue;
    const { meta } = parent.service.service;
    const scope: RouteScope =
      meta.namespace === namespace ? { kind: "producer" } : { kind: "consumer", namespace };
    for (const { port } of parent.ports) {
      const backend = backendName(meta.namespace, meta.name, port.port);
      ports.set(backend, { backend, scope });
    }
  }
  return [...ports.values()];
}
