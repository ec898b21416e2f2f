import type { BindableRoute } from "../bindable-object.ts";
import { collectPortRoutes, type PortRoutes } from "../route-sets.ts";
import type { ReferenceScope } from "../routes/backend-reference.ts";
import { bindInvalidRoute, bindRoute, type RouteBinding } from "../routes/route-binding.ts";
import { referencesOf } from "../routes/route-references.ts";
import { DependencyIndex } from "./dependency-index.ts";
import { reuse } from "./reuse.ts";

/** What binding a route anew has changed. */
export interface RouteChanges {
  /** Routes, `namespace/name`, whose status is another. */
  readonly statuses: Set<string>;
  /** Names of the Backends of the ports whose routes are others. */
  readonly ports: Set<string>;
}

/** The routes, what each comes to, and who must be bound anew for what. */
export class BoundRoutes {
  readonly #scope: ReferenceScope;
  readonly #routes = new Map<string, BindableRoute>();
  readonly #bindings = new Map<string, RouteBinding>();
  readonly #services = new DependencyIndex();
  readonly #foreignNamespaces = new DependencyIndex();
  readonly #ports = new DependencyIndex();

  /** @param scope may change; whoever changes it has the dependents bound anew */
  constructor(scope: ReferenceScope) {
    this.#scope = scope;
  }

  /** By `namespace/name`. */
  get all(): ReadonlyMap<string, RouteBinding> {
    return this.#bindings;
  }

  /**
   * The route to be bound under this key from now on, or none.
   * @param changed takes the key if it is another than before
   */
  put(key: string, route: BindableRoute | undefined, changed: Set<string>): void {
    const before = this.#routes.get(key);
    const after = route === undefined ? undefined : reuse(before, route);
    if (before === after) return;
    if (after === undefined) this.#routes.delete(key);
    else this.#routes.set(key, after);
    changed.add(key);
  }

  /** Routes that name the Service. */
  referringTo(service: string): ReadonlySet<string> {
    return this.#services.dependentsOf(service);
  }

  /** Routes of other namespaces that refer to Services of this one. */
  referringInto(namespace: string): ReadonlySet<string> {
    return this.#foreignNamespaces.dependentsOf(namespace);
  }

  bind(key: string, changes: RouteChanges): void {
    const route = this.#routes.get(key);
    const before = this.#bindings.get(key);
    if (route === undefined) this.#forget(key, before, changes);
    else this.#replace(key, before, this.#bindAfter(route, before), changes);
  }

  /** The routes of the port with that Backend; undefined where there are none. */
  at(backend: string): PortRoutes | undefined {
    const keys = this.#ports.dependentsOf(backend);
    if (keys.size === 0) return undefined;
    const attached = [...keys].flatMap((key) => {
      const binding = this.#bindings.get(key);
      const port = binding?.ports.find((candidate) => candidate.backend === backend);
      return binding === undefined || port === undefined ? [] : [{ binding, scope: port.scope }];
    });
    return collectPortRoutes(attached);
  }

  #bindAfter(route: BindableRoute, before: RouteBinding | undefined): RouteBinding {
    const binding = route.kind === "HTTPRoute" ? bindRoute(route, this.#scope) : bindInvalidRoute(route);
    return {
      route,
      status: reuse(before?.status, binding.status),
      ...(binding.bound !== undefined && { bound: reuse(before?.bound, binding.bound) }),
      ports: reuse(before?.ports, binding.ports),
    };
  }

  #replace(
    key: string,
    before: RouteBinding | undefined,
    after: RouteBinding,
    { statuses, ports }: RouteChanges,
  ): void {
    const { route } = after;
    this.#bindings.set(key, after);
    if (before?.route !== route) {
      const references = route.kind === "HTTPRoute" ? referencesOf(route) : NO_REFERENCES;
      this.#services.replace(key, references.services);
      this.#foreignNamespaces.replace(key, references.foreignNamespaces);
    }
    if (before?.status !== after.status) statuses.add(key);
    if (before?.ports !== after.ports)
      this.#ports.replace(
        key,
        after.ports.map(({ backend }) => backend),
      );
    else if (before.bound === after.bound && isSameAge(before, after)) return;
    for (const { backend } of [...(before?.ports ?? []), ...after.ports]) ports.add(backend);
  }

  #forget(key: string, before: RouteBinding | undefined, { statuses, ports }: RouteChanges): void {
    if (before === undefined) return;
    this.#bindings.delete(key);
    for (const index of [this.#services, this.#foreignNamespaces, this.#ports]) index.replace(key, []);
    statuses.add(key);
    for (const { backend } of before.ports) ports.add(backend);
  }
}

const NO_REFERENCES = { services: [], foreignNamespaces: [] };

/** The older route comes first. */
function isSameAge({ route: one }: RouteBinding, { route: other }: RouteBinding): boolean {
  return one.meta.creationTimestampMs === other.meta.creationTimestampMs;
}
