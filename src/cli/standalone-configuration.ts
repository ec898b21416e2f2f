import { createHash } from "node:crypto";
import type { Locality } from "../balancing/candidates.ts";
import type { Binding } from "../binding/bind.ts";
import type { BoundRoute, Frontend } from "../binding/frontend.ts";
import { frontendFor } from "../binding/frontend-variants.ts";
import type { Destination, ProxyConfiguration, VersionedFrontend } from "../proxy/configuration.ts";

/** What clients of one namespace, at one place, have in force. */
export class ClientConfiguration {
  readonly #namespace: string;
  readonly #locality: Locality;
  /** A route that did not change is the same reference in the next binding. */
  readonly #digests = new WeakMap<BoundRoute, string>();

  constructor(namespace: string, locality: Locality) {
    this.#namespace = namespace;
    this.#locality = locality;
  }

  /** In steps of well below a millisecond. */
  *of(binding: Binding): Generator<undefined, ProxyConfiguration> {
    const frontends = new Map<string, VersionedFrontend>();
    for (const [name, variants] of binding.frontends) {
      const frontend = frontendFor(variants, this.#namespace);
      frontends.set(name, { frontend, version: yield* this.#version(frontend) });
      yield;
    }
    return { frontends, backends: binding.backends, locality: this.#locality };
  }

  /** Equal for equal content, on every machine. */
  *#version(frontend: Frontend): Generator<undefined, string> {
    const { routes, ...rest } = frontend;
    if (routes === undefined) return contentVersion(rest);
    const digests: string[] = [];
    for (const route of routes.routes) {
      let digest = this.#digests.get(route);
      if (digest === undefined) {
        digest = contentVersion(route);
        this.#digests.set(route, digest);
      }
      digests.push(digest);
      yield;
    }
    return contentVersion([rest, { ...routes, routes: digests }]);
  }
}

/** Equal for equal content, on every machine. */
export function contentVersion(content: unknown): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 16);
}

/** The addresses of frontends, by name. */
export function destinationsOf(frontends: readonly VersionedFrontend[]): ReadonlyMap<string, Destination> {
  return new Map(frontends.map(({ frontend: { name, address, port } }) => [name, { address, port }]));
}
