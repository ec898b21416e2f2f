import type { EndpointSlice } from "../resources/endpoint-slice.ts";
import type { HttpRoute } from "../resources/http-route.ts";
import { objectKey } from "../resources/object-meta.ts";
import type { MeshObject } from "../resources/parse-object.ts";
import type { ReferenceGrant } from "../resources/reference-grant.ts";
import type { Service } from "../resources/service.ts";
import { type Backend, backendName } from "./backend.ts";
import { bindFrontends } from "./bind-frontends.ts";
import type { FrontendVariants } from "./frontend-variants.ts";
import { compareByAge, compareText } from "./order.ts";
import { collectRouteSets, type RouteSets } from "./route-sets.ts";
import type { RouteStatus } from "./route-status.ts";
import type { ReferenceScope } from "./routes/backend-reference.ts";
import { indexGrants } from "./routes/reference-grants.ts";
import { bindRoute, type RouteBinding } from "./routes/route-binding.ts";
import { bindBackends } from "./services/backends.ts";
import { classifyService, type MeshService } from "./services/mesh-service.ts";

export interface BindOptions {
  /** Whether a reference to a Service of another namespace needs a ReferenceGrant; by GEP-1294 it needs none. */
  readonly strictGrants: boolean;
}

/** What the objects of a cluster or a folder come to. All but the maps is plain JSON data. */
export interface Binding {
  /** By name, sorted by Service. */
  readonly backends: ReadonlyMap<string, Backend>;
  /** By `IP:port`, sorted by it. */
  readonly frontends: ReadonlyMap<string, FrontendVariants>;
  /** One for each route, sorted by `namespace/name`. */
  readonly statuses: readonly RouteStatus[];
  /** What is wrong with objects that have no status to say it in. */
  readonly problems: readonly BindingProblem[];
  readonly stages: BindingStages;
}

/** What the next binding takes over, where nothing changed. */
export interface BindingStages {
  readonly scope: ReferenceScope;
  readonly routes: ReadonlyMap<HttpRoute, RouteBinding>;
}

export interface BindingProblem {
  /** `Service namespace/name`. */
  readonly object: string;
  readonly message: string;
}

/**
 * Attaches routes to Services and resolves what they refer to. Total and independent of the order of `objects`; of
 * two objects of one kind and name the first counts. Takes time in proportion to the objects, sorting aside.
 */
export function bind(objects: Iterable<MeshObject>, options: BindOptions): Binding {
  const steps = bindInSteps(objects, options);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/**
 * The same in steps of well below a millisecond, a few longer ones aside that sort: run it for as long as the turn of
 * the event loop allows, and go on in the next. The outcome does not depend on `previous`, the binding before this
 * one; what became of an object then is taken over where the object and all that it refers to are the same references.
 */
export function* bindInSteps(
  objects: Iterable<MeshObject>,
  options: BindOptions,
  previous?: Binding,
): Generator<undefined, Binding> {
  const sorted = sortByKind(objects);
  yield;
  const scope = bindScope(sorted, options, previous?.stages.scope);
  yield;
  const routes = yield* bindRoutes(sorted.routes, scope, previous?.stages);
  const routeSets = collectRouteSets(routes);
  yield;
  const { frontends, problems } = yield* publishFrontends([...scope.services.values()], routeSets);
  return {
    backends: yield* publishBackends(scope.services, sorted.slices),
    frontends,
    statuses: routes.map(({ status }) => status),
    problems,
    stages: { scope, routes: new Map(routes.map((bound) => [bound.route, bound])) },
  };
}

/** What routes are resolved against: the same reference as before if nothing of it changed. */
function bindScope(
  { services, grants }: ObjectsByKind,
  { strictGrants }: BindOptions,
  previous: ReferenceScope | undefined,
): ReferenceScope {
  const meshes = [...services]
    .sort(([a], [b]) => compareText(a, b))
    .map(([key, service]) => {
      const known = previous?.services.get(key);
      return [key, known?.service === service ? known : classifyService(service)] as const;
    });
  const isUnchanged =
    previous?.strictGrants === strictGrants &&
    previous.services.size === meshes.length &&
    meshes.every(([key, mesh]) => previous.services.get(key) === mesh) &&
    isSameList([...previous.grants.values()].flat(), [...indexGrants(grants).values()].flat());
  return isUnchanged ? previous : { services: new Map(meshes), grants: indexGrants(grants), strictGrants };
}

function isSameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}

function* bindRoutes(
  routes: ReadonlyMap<string, HttpRoute>,
  scope: ReferenceScope,
  previous: BindingStages | undefined,
): Generator<undefined, readonly RouteBinding[]> {
  const known = previous?.scope === scope ? previous.routes : undefined;
  const bound: RouteBinding[] = [];
  for (const [, route] of [...routes].sort(([a], [b]) => compareText(a, b))) {
    bound.push(known?.get(route) ?? bindRoute(route, scope));
    yield;
  }
  return bound;
}

interface ObjectsByKind {
  readonly services: ReadonlyMap<string, Service>;
  readonly routes: ReadonlyMap<string, HttpRoute>;
  /** By the key of their Service. */
  readonly slices: ReadonlyMap<string, readonly EndpointSlice[]>;
  readonly grants: readonly ReferenceGrant[];
}

function sortByKind(objects: Iterable<MeshObject>): ObjectsByKind {
  const services = new Map<string, Service>();
  const routes = new Map<string, HttpRoute>();
  const slices = new Map<string, EndpointSlice[]>();
  const grants: ReferenceGrant[] = [];
  for (const object of objects) {
    switch (object.kind) {
      case "Service":
        services.getOrInsert(objectKey(object.meta), object);
        break;
      case "HTTPRoute":
        routes.getOrInsert(objectKey(object.meta), object);
        break;
      case "EndpointSlice":
        if (object.serviceName === undefined) break;
        slices.getOrInsertComputed(`${object.meta.namespace}/${object.serviceName}`, () => []).push(object);
        break;
      case "ReferenceGrant":
        grants.push(object);
        break;
      case "Namespace":
        break;
    }
  }
  return { services, routes, slices, grants };
}

function* publishBackends(
  services: ReadonlyMap<string, MeshService>,
  slices: ReadonlyMap<string, readonly EndpointSlice[]>,
): Generator<undefined, ReadonlyMap<string, Backend>> {
  const backends = new Map<string, Backend>();
  for (const service of services.values()) {
    for (const backend of bindBackends(service, slices.get(service.key) ?? []))
      backends.set(backend.name, backend);
    yield;
  }
  return backends;
}

/**
 * An address and port that two Services claim belongs to the older one. In a cluster that can't happen, in a folder
 * of manifests it is a mistake.
 */
function* publishFrontends(
  services: readonly MeshService[],
  routes: RouteSets,
): Generator<undefined, Pick<Binding, "frontends" | "problems">> {
  const frontends = new Map<string, FrontendVariants>();
  const problems: BindingProblem[] = [];
  for (const mesh of services.toSorted((a, b) => compareByAge(a.service, b.service))) {
    const object = `Service ${mesh.key}`;
    problems.push(...mesh.problems.map((message) => ({ object, message })));
    for (const port of mesh.ports) {
      const { namespace, name: service } = mesh.service.meta;
      const bound = routes.get(backendName(namespace, service, port.port.port));
      for (const variants of bindFrontends(mesh, port, bound)) {
        const { name } = variants.producer;
        const owner = frontends.get(name)?.producer.service;
        if (owner === undefined) frontends.set(name, variants);
        else problems.push({ object, message: `${name} belongs to Service ${objectKey(owner)} already` });
      }
    }
    yield;
  }
  return {
    frontends: new Map([...frontends].sort(([a], [b]) => compareText(a, b))),
    problems: problems.sort((a, b) => compareText(a.object, b.object)),
  };
}
