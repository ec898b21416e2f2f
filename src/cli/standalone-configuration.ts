import { createHash } from "node:crypto";
import type { Locality } from "../balancing/candidates.ts";
import type { Binding } from "../binding/bind.ts";
import { frontendFor } from "../binding/frontend-variants.ts";
import type { Destination, ProxyConfiguration, VersionedFrontend } from "../proxy/proxy.ts";

/** What a client of one namespace has in force of a binding. */
export function configurationFor(
  binding: Binding,
  namespace: string,
  locality: Locality,
): ProxyConfiguration {
  const frontends = new Map<string, VersionedFrontend>();
  for (const [name, variants] of binding.frontends) {
    const frontend = frontendFor(variants, namespace);
    frontends.set(name, { frontend, version: contentVersion(frontend) });
  }
  return { frontends, backends: binding.backends, locality };
}

/** Equal for equal content, on every machine. */
export function contentVersion(content: unknown): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 16);
}

/** The addresses of frontends, by name. */
export function destinationsOf(frontends: readonly VersionedFrontend[]): ReadonlyMap<string, Destination> {
  return new Map(frontends.map(({ frontend: { name, address, port } }) => [name, { address, port }]));
}
