import { type ObjectMeta, objectKey } from "../resources/object-meta.ts";
import type { ObjectIdentity } from "../resources/parse-object.ts";
import type { Service } from "../resources/service.ts";
import { type Backend, backendName } from "./backend.ts";
import type { Binding, BindingProblem, BindOptions } from "./bind.ts";
import { bindFrontends } from "./bind-frontends.ts";
import type { BindableObject, BindingInput } from "./bindable-object.ts";
import type { FrontendVariants } from "./frontend-variants.ts";
import { BoundRoutes } from "./incremental/bound-routes.ts";
import { FrontendClaims } from "./incremental/frontend-claims.ts";
import { GrantTable } from "./incremental/grant-table.ts";
import { reuse, reuseVariants } from "./incremental/reuse.ts";
import { ServiceBackends } from "./incremental/service-backends.ts";
import { compareText } from "./order.ts";
import type { RouteStatus } from "./route-status.ts";
import { classifyService, type MeshService } from "./services/mesh-service.ts";

/** Names of what came, went, or has another content than before. */
export interface BindingChanges {
  /** `IP:port`. */
  readonly frontends: ReadonlySet<string>;
  readonly backends: ReadonlySet<string>;
  /** Of routes, `namespace/name`. */
  readonly statuses: ReadonlySet<string>;
}

/** What has to be done anew. */
class Work {
  /** Services that came, went or changed. */
  readonly services = new Set<string>();
  /** Services whose Backends may have changed. */
  readonly endpoints = new Set<string>();
  readonly routes = new Set<string>();
  /** Ports whose routes changed, by the names of their Backends. */
  readonly ports = new Set<string>();
  /** Frontends to which a claim changed. */
  readonly claimed = new Set<string>();
  readonly frontends = new Set<string>();
  readonly backends = new Set<string>();
  readonly statuses = new Set<string>();
}

/**
 * Binding that is kept up to date: a change recomputes what depends on it and nothing else. What comes out the same
 * stays the same reference, so that whoever derived something from it can tell.
 *
 * - An EndpointSlice: the Backends of the Service that its label names, and of the one that it named before.
 * - A Service: all of its own, and the routes that name it as parent, backend or mirror.
 * - A route: its status, and the Frontends of the ports that it is or was attached to.
 * - A ReferenceGrant: where grants are needed, the routes of other namespaces that refer into its own.
 *
 * The outcome depends on the objects alone, neither on their order nor on what was there before.
 */
export class IncrementalBinding {
  readonly #strictGrants: boolean;
  readonly #services = new Map<string, MeshService>();
  /** Services that have problems of their own. */
  readonly #faulty = new Set<string>();
  readonly #backends = new ServiceBackends();
  readonly #grants = new GrantTable();
  readonly #routes: BoundRoutes;
  readonly #claims = new FrontendClaims();
  /** What was found last; undefined where a Service has changed since. */
  #problems: readonly BindingProblem[] | undefined;

  constructor({ strictGrants }: BindOptions) {
    this.#strictGrants = strictGrants;
    this.#routes = new BoundRoutes({ services: this.#services, grants: this.#grants.index, strictGrants });
  }

  /** By `IP:port`; live, in no order. */
  get frontends(): ReadonlyMap<string, FrontendVariants> {
    return this.#claims.frontends;
  }

  /** By name; live, in no order. */
  get backends(): ReadonlyMap<string, Backend> {
    return this.#backends.all;
  }

  /** The status of the route of that `namespace/name`. */
  status(key: string): RouteStatus | undefined {
    return this.#routes.all.get(key)?.status;
  }

  /** Of all routes, sorted by `namespace/name`. */
  *statuses(): Generator<RouteStatus, void> {
    for (const [, { status }] of sortedByKey(this.#routes.all)) yield status;
  }

  /** Sorted by object; the same list while no Service changes. */
  get problems(): readonly BindingProblem[] {
    this.#problems ??= this.#findProblems();
    return this.#problems;
  }

  #findProblems(): readonly BindingProblem[] {
    const keys = new Set([...this.#faulty, ...this.#claims.losers()]);
    return [...keys].sort(compareText).flatMap((key) => this.#problemsOf(key));
  }

  /** Takes in what changed; of several changes to one object the last one counts. */
  apply(changes: Iterable<BindingInput>): BindingChanges {
    const steps = this.applyInSteps(changes);
    let step = steps.next();
    while (step.done !== true) step = steps.next();
    return step.value;
  }

  /**
   * The same in steps of well below a millisecond, but for a port with thousands of routes. Meanwhile the maps hold some
   * of what was and some of what is to be. To be run to its end before the next one begins.
   */
  *applyInSteps(changes: Iterable<BindingInput>): Generator<undefined, BindingChanges> {
    const work = new Work();
    for (const change of changes) {
      if (change.kind === "upsert") this.#put(change.object, work);
      else this.#remove(change.identity, work);
      yield;
    }
    for (const key of work.services)
      for (const route of this.#routes.referringTo(key)) work.routes.add(route);
    for (const key of work.endpoints) {
      this.#backends.bind(key, this.#services.get(key), work.backends);
      yield;
    }
    for (const key of work.routes) {
      this.#routes.bind(key, work);
      yield;
    }
    const routed = Map.groupBy(work.ports, (backend) => backend.slice(0, backend.lastIndexOf(":")));
    for (const key of new Set([...work.services, ...routed.keys()])) {
      const ports = work.services.has(key) ? undefined : new Set(routed.get(key));
      this.#bindFrontends(key, ports, work.claimed);
      yield;
    }
    for (const name of work.claimed) {
      if (this.#claims.settle(name)) work.frontends.add(name);
      yield;
    }
    if (work.services.size > 0) this.#problems = undefined;
    const { frontends, backends, statuses } = work;
    return { frontends, backends, statuses };
  }

  /** All of it, sorted: what `bind` makes of the objects. */
  toBinding(): Binding {
    const backends = sortedByKey(this.#backends.byService).flatMap(([, ofService]) => ofService);
    return {
      backends: new Map(backends.map((backend) => [backend.name, backend])),
      frontends: new Map(sortedByKey(this.frontends)),
      statuses: [...this.statuses()],
      problems: this.problems,
    };
  }

  #put(object: BindableObject, work: Work): void {
    const key = objectKey(object.meta);
    switch (object.kind) {
      case "Service":
        return this.#putService(key, object, work);
      case "EndpointSlice":
        return this.#backends.putSlice(key, object, work.endpoints);
      case "HTTPRoute":
      case "InvalidHTTPRoute":
        return this.#routes.put(key, object, work.routes);
      case "ReferenceGrant":
        this.#grants.put(object);
        return this.#spreadGrant(object.meta, work);
      case "Namespace":
      case "Node":
        return;
    }
  }

  #remove(identity: ObjectIdentity, work: Work): void {
    const key = objectKey(identity);
    switch (identity.kind) {
      case "Service":
        return this.#putService(key, undefined, work);
      case "EndpointSlice":
        return this.#backends.putSlice(key, undefined, work.endpoints);
      case "HTTPRoute":
        return this.#routes.put(key, undefined, work.routes);
      case "ReferenceGrant":
        this.#grants.remove(identity);
        return this.#spreadGrant(identity, work);
      case "Namespace":
      case "Node":
        return;
    }
  }

  #putService(key: string, service: Service | undefined, work: Work): void {
    const before = this.#services.get(key);
    const after = service === undefined ? undefined : reuse(before?.service, service);
    if (before?.service === after) return;
    const mesh = after === undefined ? undefined : classifyService(after);
    if (mesh === undefined) this.#services.delete(key);
    else this.#services.set(key, mesh);
    if (mesh === undefined || mesh.problems.length === 0) this.#faulty.delete(key);
    else this.#faulty.add(key);
    work.services.add(key);
    work.endpoints.add(key);
  }

  #spreadGrant({ namespace }: Pick<ObjectMeta, "namespace">, work: Work): void {
    if (!this.#strictGrants) return;
    for (const route of this.#routes.referringInto(namespace)) work.routes.add(route);
  }

  /** @param changed the Backends of the ports whose routes changed; undefined where the Service did */
  #bindFrontends(key: string, changed: ReadonlySet<string> | undefined, names: Set<string>): void {
    const mesh = this.#services.get(key);
    const before = this.#claims.of(key);
    const after =
      mesh?.ports.flatMap((port) => {
        const number = port.port.port;
        const backend = backendName(mesh.service.meta.namespace, mesh.service.meta.name, number);
        const known = before.filter(({ producer }) => producer.port === number);
        if (changed?.has(backend) === false) return known;
        return bindFrontends(mesh, port, this.#routes.at(backend)).map((variants) =>
          reuseVariants(
            known.find(({ producer }) => producer.name === variants.producer.name),
            variants,
          ),
        );
      }) ?? [];
    this.#claims.replace(key, mesh?.service, after, names);
  }

  #problemsOf(key: string): readonly BindingProblem[] {
    const object = `Service ${key}`;
    const own = this.#services.get(key)?.problems ?? [];
    return [...own, ...this.#claims.lostBy(key)].map((message) => ({ object, message }));
  }
}

function sortedByKey<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].sort(([a], [b]) => compareText(a, b));
}
