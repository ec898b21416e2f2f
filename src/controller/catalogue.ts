import type { Backend } from "../binding/backend.ts";
import type { Frontend } from "../binding/frontend.ts";
import { type FrontendVariants, frontendFor } from "../binding/frontend-variants.ts";
import { contentVersion } from "../discovery/content-version.ts";
import { encodeBackend } from "../discovery/encoding/encode-backend.ts";
import { encodeFrontend } from "../discovery/encoding/encode-frontend.ts";
import { encodeSelf } from "../discovery/encoding/self.ts";
import { type EncodedResource, SELF_NAME } from "../discovery/resource-types.ts";
import type { Node } from "../resources/node.ts";

/** What is in force; live. */
export interface CatalogueSource {
  /** By `IP:port`. */
  readonly frontends: ReadonlyMap<string, FrontendVariants>;
  /** By name. */
  readonly backends: ReadonlyMap<string, Backend>;
  /** By name. */
  readonly nodes: ReadonlyMap<string, Node>;
}

/**
 * What sidecars can be told, encoded when it is first asked for and then kept for all who get the same: a Frontend for
 * each set of routes, a Backend once, a Self for each node. Binding keeps the reference of what does not change, so
 * what is encoded goes with the object that it was made of.
 */
export class Catalogue {
  readonly #source: CatalogueSource;
  readonly #frontends = new WeakMap<Frontend, EncodedResource>();
  readonly #backends = new WeakMap<Backend, EncodedResource>();
  readonly #selves = new WeakMap<Node, EncodedResource>();

  constructor(source: CatalogueSource) {
    this.#source = source;
  }

  /** The Frontend of that `IP:port` as clients of a namespace see it; undefined where no Service has the address. */
  frontend(name: string, clientNamespace: string): EncodedResource | undefined {
    const variants = this.#source.frontends.get(name);
    return variants === undefined ? undefined : this.ofFrontend(frontendFor(variants, clientNamespace));
  }

  backend(name: string): EncodedResource | undefined {
    const backend = this.#source.backends.get(name);
    return backend === undefined ? undefined : this.ofBackend(backend);
  }

  /** Where the sidecar is; its zone is absent until its node is known. */
  self({ node: name }: { readonly node?: string }): EncodedResource {
    if (name === undefined) return encoded(SELF_NAME, encodeSelf({}));
    const node = this.#source.nodes.get(name);
    if (node === undefined) return encoded(SELF_NAME, encodeSelf({ node: name }));
    let resource = this.#selves.get(node);
    if (resource === undefined) {
      const zone = node.zone === undefined ? {} : { zone: node.zone };
      resource = encoded(SELF_NAME, encodeSelf({ node: name, ...zone }));
      this.#selves.set(node, resource);
    }
    return resource;
  }

  ofFrontend(frontend: Frontend): EncodedResource {
    let resource = this.#frontends.get(frontend);
    if (resource === undefined) {
      resource = encoded(frontend.name, encodeFrontend(frontend));
      this.#frontends.set(frontend, resource);
    }
    return resource;
  }

  ofBackend(backend: Backend): EncodedResource {
    let resource = this.#backends.get(backend);
    if (resource === undefined) {
      resource = encoded(backend.name, encodeBackend(backend));
      this.#backends.set(backend, resource);
    }
    return resource;
  }
}

function encoded(name: string, bytes: Uint8Array): EncodedResource {
  return { name, version: contentVersion(bytes), bytes };
}
