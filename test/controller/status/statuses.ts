import type { RouteCondition, RouteStatus } from "../../../src/binding/route-status.ts";
import type { ParentRef } from "../../../src/resources/http-route.ts";

export interface StatusSpec {
  readonly name?: string;
  readonly generation?: number;
  /** Names of Services; one that begins with `!` is not there. */
  readonly parents: readonly string[];
  readonly isResolved?: boolean;
  readonly isPartial?: boolean;
}

export function serviceRef(name: string): ParentRef {
  return { group: "", kind: "Service", name };
}

/** What the binder would say. */
export function routeStatus(spec: StatusSpec): RouteStatus {
  const { name = "r", generation = 1, parents, isResolved = true, isPartial = false } = spec;
  const conditions = (parent: string): RouteCondition[] => {
    const isAccepted = !parent.startsWith("!");
    const all: RouteCondition[] = [
      isAccepted
        ? {
            type: "Accepted",
            status: "True",
            reason: "Accepted",
            message: `Bound to ${parent}.`,
            observedGeneration: generation,
          }
        : {
            type: "Accepted",
            status: "False",
            reason: "NoMatchingParent",
            message: `Service ${parent} does not exist.`,
            observedGeneration: generation,
          },
    ];
    if (isPartial) {
      all.push({
        type: "PartiallyInvalid",
        status: "True",
        reason: "UnsupportedValue",
        message: "Dropped Rule 0.",
        observedGeneration: generation,
      });
    }
    all.push({
      type: "ResolvedRefs",
      status: isResolved ? "True" : "False",
      reason: isResolved ? "ResolvedRefs" : "BackendNotFound",
      message: isResolved
        ? "All references are resolved."
        : "rules[0].backendRefs[0]: Service x does not exist.",
      observedGeneration: generation,
    });
    return all;
  };
  return {
    kind: "HTTPRoute",
    namespace: "default",
    name,
    parents: parents.map((parent) => ({ parentRef: serviceRef(parent), conditions: conditions(parent) })),
  };
}

/** An entry of somebody else, with fields that nobody knows and a number that JavaScript can't hold. */
export function foreignEntry(name: string): Record<string, unknown> {
  return {
    controllerName: `example.com/${name}`,
    zork: { [name]: [1, null, "…"] },
    parentRef: { name },
    conditions: [
      {
        type: "Accepted",
        status: "True",
        reason: "Accepted",
        message: "",
        observedGeneration: 9_007_199_254_740_991,
        lastTransitionTime: "2020-01-01T00:00:00Z",
      },
    ],
  };
}
