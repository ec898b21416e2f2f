import type { BackendObjectReference, HttpRoute, HttpRouteFilter } from "../../resources/http-route.ts";
import { isServiceParent } from "./parent-attachment.ts";
import { isServiceKind } from "./reference-kind.ts";

/** What the binding of a route depends on besides the route itself. */
export interface RouteReferences {
  /** The Services that it names, as parents, backends and mirrors, whether they exist or not: `namespace/name`. */
  readonly services: readonly string[];
  /** The other namespaces that its backends and mirrors are in. */
  readonly foreignNamespaces: readonly string[];
}

export function referencesOf(route: HttpRoute): RouteReferences {
  const own = route.meta.namespace;
  const backends = [...backendReferences(route)].filter(({ group, kind }) => isServiceKind(group, kind));
  const named = [...route.parentRefs.filter(isServiceParent), ...backends];
  return {
    services: [...new Set(named.map(({ namespace = own, name }) => `${namespace}/${name}`))],
    foreignNamespaces: [
      ...new Set(backends.map(({ namespace = own }) => namespace).filter((other) => other !== own)),
    ],
  };
}

function* backendReferences({ rules }: HttpRoute): Generator<BackendObjectReference, void> {
  for (const { filters, backendRefs } of rules) {
    yield* mirrors(filters);
    for (const backend of backendRefs) {
      yield backend.ref;
      yield* mirrors(backend.filters);
    }
  }
}

function* mirrors(filters: readonly HttpRouteFilter[]): Generator<BackendObjectReference, void> {
  for (const filter of filters) if (filter.kind === "RequestMirror") yield filter.backendRef;
}
