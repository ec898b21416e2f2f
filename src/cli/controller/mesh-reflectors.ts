import { isDeepStrictEqual } from "node:util";
import type { BindableObject, BindingInput } from "../../binding/bindable-object.ts";
import { type ObservedRoute, readObservedRoute } from "../../controller/status/observed-route.ts";
import { type CustomReflectorOptions, startCustomReflector } from "../../kubernetes/custom-reflector.ts";
import type { ObjectChange } from "../../kubernetes/held-objects.ts";
import { apiResource, MESH_RESOURCES, type MeshResource, meshReader } from "../../kubernetes/mesh-reader.ts";
import { type Reflector, type ReflectorOptions, startReflector } from "../../kubernetes/reflector.ts";
import { readInvalidHttpRoute } from "../../resources/http-route/invalid-http-route.ts";
import type { ObjectIdentity, ParsedObject } from "../../resources/parse-object.ts";
import type { Problem } from "../../resources/result.ts";

export interface MeshReflectorsOptions
  extends Pick<ReflectorOptions<unknown>, "api" | "clock" | "random" | "log"> {
  /** Without it nobody asks for ReferenceGrants. */
  readonly strictGrants: boolean;
  readonly onChanges: (changes: readonly BindingInput[]) => void;
  /** An HTTPRoute as the API server has it, with the status of ours that it carries; undefined: it is gone. */
  readonly onRoute: (key: string, route: ObservedRoute | undefined) => void;
  /** No CRD serves a resource in a version that is read; until one does there are no objects of it. */
  readonly onAbsent: (resource: MeshResource) => void;
}

/** An object that is not in force, since it can't be read. */
export interface UnreadableObject {
  /** `Service namespace/name`. */
  readonly object: string;
  readonly problems: readonly Problem[];
}

/** What is kept of one object. */
interface Reading {
  readonly object: BindableObject | undefined;
  /** Where there is no object. */
  readonly problems: readonly Problem[];
  readonly observed: ObservedRoute | undefined;
}

const NO_PROBLEMS: readonly Problem[] = [];

/**
 * Follows all kinds of objects that the mesh reads. An object that the API server has taken and that can't be read
 * counts as not there, whatever it said before, so that all replicas come to the same; an HTTPRoute keeps its place, to
 * say in its status what is wrong.
 */
export class MeshReflectors {
  /** By the kind of their objects. */
  readonly reflectors: ReadonlyMap<string, Reflector>;
  readonly #options: MeshReflectorsOptions;
  readonly #unreadable = new Map<string, UnreadableObject>();

  constructor(options: MeshReflectorsOptions) {
    this.#options = options;
    const resources = MESH_RESOURCES.filter(({ kind }) => options.strictGrants || kind !== "ReferenceGrant");
    this.reflectors = new Map(resources.map((resource) => [resource.kind, this.#start(resource)]));
  }

  get isSynced(): boolean {
    return [...this.reflectors.values()].every((reflector) => reflector.isSynced);
  }

  /** Resolves once everything was listed. */
  async synced(): Promise<void> {
    await Promise.all([...this.reflectors.values()].map((reflector) => reflector.synced));
  }

  /** Sorted by object. */
  get unreadable(): readonly UnreadableObject[] {
    return [...this.#unreadable.values()].sort((a, b) => (a.object < b.object ? -1 : 1));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.reflectors.values()].map((reflector) => reflector.stop()));
  }

  #start(resource: MeshResource): Reflector {
    const { api, clock, random, log } = this.#options;
    const parse = meshReader(resource);
    const isRoute = resource.kind === "HTTPRoute";
    const options: Omit<CustomReflectorOptions<Reading>, "group" | "plural" | "versions"> = {
      read: (raw) => {
        const parsed = parse(raw);
        return parsed && readingOf(parsed, raw, isRoute);
      },
      // A route's status carries its resourceVersion, and so differs each time.
      ...(!isRoute && { isSame: (before, after) => isDeepStrictEqual(before, after) }),
      onChanges: (changes) => this.#take(resource.kind, changes),
      onState: (state) => {
        if (state === "absent") this.#options.onAbsent(resource);
      },
      api,
      clock,
      random,
      log,
    };
    return resource.isCustom
      ? startCustomReflector({ ...options, ...resource })
      : startReflector({ ...options, resource: apiResource(resource) });
  }

  #take(kind: ObjectIdentity["kind"], changes: readonly ObjectChange<Reading>[]): void {
    const inputs: BindingInput[] = [];
    for (const change of changes) {
      const reading = change.kind === "upsert" ? change.object : undefined;
      const identity = identityOf(kind, change.key);
      if (kind === "HTTPRoute") this.#options.onRoute(change.key, reading?.observed);
      this.#note(identity, reading);
      inputs.push(
        reading?.object === undefined
          ? { kind: "delete", identity }
          : { kind: "upsert", object: reading.object },
      );
    }
    this.#options.onChanges(inputs);
  }

  #note({ kind, namespace, name }: ObjectIdentity, reading: Reading | undefined): void {
    const object = namespace === "" ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
    if (reading === undefined || reading.problems.length === 0) {
      this.#unreadable.delete(object);
      return;
    }
    const { problems } = reading;
    this.#unreadable.set(object, { object, problems });
    const error = problems.map(({ path, message }) => `${path}: ${message}`).join("; ");
    this.#options.log.warn("an object can't be read and is not in force", { object, error });
  }
}

function readingOf(parsed: ParsedObject, raw: unknown, isRoute: boolean): Reading | undefined {
  const observed = isRoute ? readObservedRoute(raw, "HTTPRoute") : undefined;
  switch (parsed.kind) {
    case "object":
      return { object: parsed.object, problems: NO_PROBLEMS, observed };
    case "invalid": {
      const { problems } = parsed;
      return { object: isRoute ? readInvalidHttpRoute(raw, problems) : undefined, problems, observed };
    }
    case "ignored":
      return undefined;
  }
}

function identityOf(kind: ObjectIdentity["kind"], key: string): ObjectIdentity {
  const slash = key.indexOf("/");
  return { kind, namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
