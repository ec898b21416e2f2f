import { isDeepStrictEqual } from "node:util";
import { isRecord } from "../resources/read/field.ts";
import { resourceName } from "./api-resource.ts";
import type { ObjectChange } from "./held-objects.ts";
import { Reflection, type Reflector, type ReflectorOptions, startReflector } from "./reflector.ts";
import { ReflectorMemory } from "./reflector-memory.ts";
import type { ReflectorStatistics } from "./reflector-statistics.ts";

export interface CustomReflectorOptions<T> extends Omit<ReflectorOptions<T>, "resource"> {
  readonly group: string;
  readonly plural: string;
  /** In order of preference. All must be alike to `read`. */
  readonly versions: readonly string[];
}

export interface CustomReflector extends Reflector {
  /** The version that is followed; undefined while none of `versions` is served. */
  readonly version: string | undefined;
  /** Of the reflector that follows the CRD itself. */
  readonly definition: ReflectorStatistics;
}

const DEFINITIONS = {
  group: "apiextensions.k8s.io",
  version: "v1",
  plural: "customresourcedefinitions",
};

/** What matters of a CustomResourceDefinition. */
interface Definition {
  /** Another one of the same name has another. */
  readonly uid: unknown;
  /** Empty until the API server has accepted it. */
  readonly servedVersions: readonly string[];
}

/**
 * Follows a resource that a CRD serves, or not, or only later: the CRD's own object tells. Without one there are no
 * objects, and that is in sync. When another version or another CRD of the name takes over, what is held stays until
 * the new list is there. That the resource is not found although its CRD is there, as just after the API server's
 * start, is a failure like any other: what is held stays.
 */
export function startCustomReflector<T>(options: CustomReflectorOptions<T>): CustomReflector {
  const reflection = new CustomReflection(options);
  reflection.start();
  return reflection;
}

class CustomReflection<T> implements CustomReflector {
  readonly #options: CustomReflectorOptions<T>;
  readonly #memory: ReflectorMemory<T>;
  readonly #synced = Promise.withResolvers<void>();
  #isSynced = false;
  #definitions: Reflector | undefined;
  #followed:
    | { readonly version: string; readonly uid: unknown; readonly reflection: Reflection<T> }
    | undefined;
  #stopping: Promise<unknown> = Promise.resolve();

  constructor(options: CustomReflectorOptions<T>) {
    this.#options = options;
    this.#memory = new ReflectorMemory(resourceName(options), options);
  }

  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  get statistics(): ReflectorStatistics {
    return this.#memory.statistics;
  }

  get version(): string | undefined {
    return this.#followed?.version;
  }

  get definition(): ReflectorStatistics {
    return this.#started.statistics;
  }

  start(): void {
    const { api, clock, random, log } = this.#options;
    this.#definitions = startReflector<Definition>({
      resource: DEFINITIONS,
      fieldSelector: `metadata.name=${resourceName(this.#options)}`,
      read: readDefinition,
      isSame: (before, after) => isDeepStrictEqual(before, after),
      onChanges: (changes) => this.#take(changes),
      api,
      clock,
      random,
      log,
    });
    void this.#definitions.synced.then(() => {
      if (this.#followed === undefined) this.#memory.enter("absent");
      this.#settle();
    });
  }

  async stop(): Promise<void> {
    this.#end();
    await Promise.all([this.#started.stop(), this.#stopping]);
    this.#memory.enter("stopped");
  }

  get #started(): Reflector {
    if (this.#definitions === undefined) throw new Error("the reflector was not started");
    return this.#definitions;
  }

  /** Of one CRD there is one state at the end. */
  #take(changes: readonly ObjectChange<Definition>[]): void {
    const last = changes.at(-1);
    const definition = last?.kind === "upsert" ? last.object : undefined;
    const version = this.#options.versions.find((each) => definition?.servedVersions.includes(each));
    if (definition === undefined || version === undefined) this.#leave();
    else if (this.#followed?.version !== version || this.#followed.uid !== definition.uid) {
      this.#follow(version, definition.uid);
    }
  }

  #leave(): void {
    this.#end();
    this.#options.log.info("no version of the resource is served", { resource: this.#memory.resource });
    this.#memory.deliver(this.#memory.held.clear());
    this.#memory.enter("absent");
    this.#settle();
  }

  #follow(version: string, uid: unknown): void {
    this.#end();
    const { group, plural } = this.#options;
    this.#options.log.info("following the resource", { resource: this.#memory.resource, version });
    this.#memory.held.forgetVersions();
    const resource = { group, version, plural };
    const reflection = new Reflection<T>({ ...this.#options, resource }, this.#memory);
    this.#followed = { version, uid, reflection };
    reflection.start();
    void reflection.synced.then(() => this.#settle());
  }

  #end(): void {
    const ended = this.#followed?.reflection.stop();
    this.#followed = undefined;
    this.#stopping = Promise.all([this.#stopping, ended]);
  }

  #settle(): void {
    const isListed = this.#followed === undefined || this.#followed.reflection.isSynced;
    if (this.#isSynced || !this.#started.isSynced || !isListed) return;
    this.#isSynced = true;
    this.#synced.resolve();
  }
}

function readDefinition(raw: unknown): Definition | undefined {
  if (!isRecord(raw) || !isRecord(raw["metadata"])) return undefined;
  const isEstablished = records(fieldsOf(raw["status"])["conditions"]).some(
    ({ type, status }) => type === "Established" && status === "True",
  );
  const versions = records(fieldsOf(raw["spec"])["versions"]).filter(({ served }) => served === true);
  return {
    uid: raw["metadata"]["uid"],
    servedVersions: isEstablished ? versions.map(({ name }) => String(name)) : [],
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

function records(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter((each) => isRecord(each)) : [];
}
