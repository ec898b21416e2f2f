import type { EndpointSlice } from "../../resources/endpoint-slice.ts";
import type { Backend } from "../backend.ts";
import { bindBackends } from "../services/backends.ts";
import type { MeshService } from "../services/mesh-service.ts";
import { DependencyIndex } from "./dependency-index.ts";
import { reuse } from "./reuse.ts";

/** The EndpointSlices, and the Backends that they and their Services come to. */
export class ServiceBackends {
  readonly #slices = new Map<string, EndpointSlice>();
  readonly #slicesOf = new DependencyIndex();
  readonly #backends = new Map<string, Backend>();
  /** By the key of the Service, in the order of its ports. */
  readonly #byService = new Map<string, readonly Backend[]>();

  /** By name. */
  get all(): ReadonlyMap<string, Backend> {
    return this.#backends;
  }

  get byService(): ReadonlyMap<string, readonly Backend[]> {
    return this.#byService;
  }

  /** @param affected takes the keys of the Services whose endpoints may be others now */
  putSlice(key: string, slice: EndpointSlice | undefined, affected: Set<string>): void {
    const before = this.#slices.get(key);
    const after = slice === undefined ? undefined : reuse(before, slice);
    if (before === after) return;
    if (after === undefined) this.#slices.delete(key);
    else this.#slices.set(key, after);
    const [old, owner] = [ownerOf(before), ownerOf(after)];
    this.#slicesOf.replace(key, owner === undefined ? [] : [owner]);
    for (const service of [old, owner]) if (service !== undefined) affected.add(service);
  }

  /** @param changed takes the names of Backends that came, went or are others now */
  bind(key: string, mesh: MeshService | undefined, changed: Set<string>): void {
    const slices = [...this.#slicesOf.dependentsOf(key)].flatMap((slice) => this.#slices.get(slice) ?? []);
    const after = (mesh === undefined ? [] : bindBackends(mesh, slices)).map((backend) =>
      reuse(this.#backends.get(backend.name), backend),
    );
    const names = new Set(after.map(({ name }) => name));
    for (const { name } of this.#byService.get(key) ?? []) {
      if (names.has(name)) continue;
      this.#backends.delete(name);
      changed.add(name);
    }
    for (const backend of after) {
      if (this.#backends.get(backend.name) !== backend) changed.add(backend.name);
      this.#backends.set(backend.name, backend);
    }
    if (after.length === 0) this.#byService.delete(key);
    else this.#byService.set(key, after);
  }
}

function ownerOf(slice: EndpointSlice | undefined): string | undefined {
  return slice?.serviceName === undefined ? undefined : `${slice.meta.namespace}/${slice.serviceName}`;
}
