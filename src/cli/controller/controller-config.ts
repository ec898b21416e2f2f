import type { Frontend } from "../../binding/frontend.ts";
import type { IncrementalBinding } from "../../binding/incremental-binding.ts";
import type { Catalogue } from "../../controller/catalogue.ts";
import type { CustomReflector } from "../../kubernetes/custom-reflector.ts";
import type { Reflector } from "../../kubernetes/reflector.ts";
import type { UnreadableObject } from "./mesh-reflectors.ts";

/** What `/config` is made of. */
export interface ConfigSource {
  /** By the kind of their objects. */
  readonly reflectors: ReadonlyMap<string, Reflector>;
  readonly unreadable: readonly UnreadableObject[];
  readonly binding: IncrementalBinding;
  readonly catalogue: Catalogue;
  /** Monotonic ms. */
  readonly now: () => number;
}

/**
 * What is watched, what is in force and what is wrong with it. Of a large cluster this is megabytes, whose versions take
 * a second to make: they are made item by item, while it is written.
 */
export function describeConfig({ reflectors, unreadable, binding, catalogue, now }: ConfigSource): object {
  return {
    reflectors: describeReflectors(reflectors, now()),
    unreadable,
    problems: binding.problems,
    routes: binding.statuses(),
    frontends: describeFrontends(binding, catalogue),
    backends: describeBackends(binding, catalogue),
  };
}

function describeReflectors(reflectors: ConfigSource["reflectors"], nowMs: number): readonly unknown[] {
  return [...reflectors].map(([kind, reflector]) => {
    const { state, objects, errors, lastError, lastHeardMs } = reflector.statistics;
    return {
      kind,
      version: versionOf(reflector),
      state,
      isSynced: reflector.isSynced,
      objects,
      errors,
      lastError,
      lastHeardSeconds: lastHeardMs === undefined ? undefined : Math.round((nowMs - lastHeardMs) / 1_000),
    };
  });
}

/** Of a kind that a CRD serves, the version that is followed. */
function versionOf(reflector: Reflector | CustomReflector): string | undefined {
  return "version" in reflector ? reflector.version : undefined;
}

function* describeFrontends(binding: IncrementalBinding, catalogue: Catalogue): Generator<unknown, void> {
  const describe = (clients: string, frontend: Frontend) => ({
    clients,
    version: catalogue.ofFrontend(frontend).version,
    ...frontend,
  });
  for (const name of [...binding.frontends.keys()].sort()) {
    const variants = binding.frontends.get(name);
    if (variants === undefined) continue;
    yield describe("all", variants.producer);
    for (const [namespace, frontend] of variants.consumers) yield describe(namespace, frontend);
  }
}

function* describeBackends(binding: IncrementalBinding, catalogue: Catalogue): Generator<unknown, void> {
  for (const name of [...binding.backends.keys()].sort()) {
    const backend = binding.backends.get(name);
    if (backend !== undefined) yield { version: catalogue.ofBackend(backend).version, ...backend };
  }
}
