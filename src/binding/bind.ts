import type { Backend } from "./backend.ts";
import { type BindableObject, type BindingInput, identityOf } from "./bindable-object.ts";
import type { FrontendVariants } from "./frontend-variants.ts";
import { IncrementalBinding } from "./incremental-binding.ts";
import type { RouteStatus } from "./route-status.ts";

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
export function bind(objects: Iterable<BindableObject>, options: BindOptions): Binding {
  const binding = new IncrementalBinding(options);
  binding.apply(firstOfEach(objects));
  return binding.toBinding();
}

function* firstOfEach(objects: Iterable<BindableObject>): Generator<BindingInput, void> {
  const seen = new Set<string>();
  for (const object of objects) {
    const { kind, namespace, name } = identityOf(object);
    if (seen.size < seen.add(`${kind} ${namespace}/${name}`).size) yield { kind: "upsert", object };
  }
}
