import { setTimeout as delay } from "node:timers/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import { parseAllDocuments } from "yaml";
import { ApiClient, ApiError } from "./api-client.ts";

/** Which object. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** An object as the API server gives and takes it. */
export interface AnyObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly [field: string]: unknown;
}

/** YAML of any number of documents, or objects. */
export type Manifests = string | readonly object[];

export interface UntilOptions {
  /** 30 s where it is not given. */
  readonly timeoutMs?: number;
  /** What the object is to do, for the message when it does not: "become ready". */
  readonly what?: string;
}

interface ObjectList {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly AnyObject[];
}

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** The objects of a cluster, of whatever kind. */
export class ClusterObjects {
  readonly api: ApiClient;
  readonly #resources = new Map<string, Resource>();

  constructor(config: KubeConfig) {
    this.api = new ApiClient(config);
  }

  /** Creates or changes objects by server-side apply. `namespace` is for those that name none. */
  async apply(manifests: Manifests, namespace?: string): Promise<readonly AnyObject[]> {
    const applied: AnyObject[] = [];
    for (const object of readManifests(manifests)) {
      const path = await this.#pathOf(object, namespace);
      const result = await this.api.call(path, {
        method: "PATCH",
        query: { fieldManager: "eastbound-test", force: "true" },
        contentType: "application/apply-patch+yaml",
        body: object,
      });
      applied.push(result as AnyObject);
    }
    return applied;
  }

  /** Changes an object by a JSON merge patch. `subresource` may be "status". */
  async patch(reference: ObjectReference, change: object, subresource?: string): Promise<AnyObject> {
    const path = await this.path(reference);
    const body = { method: "PATCH", contentType: "application/merge-patch+json", body: change };
    return (await this.api.call(
      subresource === undefined ? path : `${path}/${subresource}`,
      body,
    )) as AnyObject;
  }

  /** Deletes objects at once (no grace period), passing over those that are not there; does not wait till they are gone. */
  async delete(manifests: Manifests, namespace?: string): Promise<void> {
    for (const object of readManifests(manifests)) {
      const path = await this.#pathOf(object, namespace);
      const options = { gracePeriodSeconds: 0, propagationPolicy: "Background" };
      await unlessAbsent(this.api.call(path, { method: "DELETE", body: options }));
    }
  }

  /** The object, or undefined where there is none. */
  async read(reference: ObjectReference): Promise<AnyObject | undefined> {
    return (await unlessAbsent(this.api.call(await this.path(reference)))) as AnyObject | undefined;
  }

  /** The objects of a kind: of a namespace, or of all. */
  async list(
    apiVersion: string,
    kind: string,
    namespace?: string,
    labelSelector = "",
  ): Promise<readonly AnyObject[]> {
    const path = await this.path({ apiVersion, kind, name: "", namespace });
    return ((await this.api.call(path, { query: { labelSelector } })) as ObjectList).items;
  }

  /**
   * Waits, by a watch, until the object is as wanted. The predicate gets undefined where there is none. Survives an API
   * server that is away for a while. Rejects when the time is over, and tells how the object was last.
   */
  async until(
    reference: ObjectReference,
    isWanted: (object: AnyObject | undefined) => boolean,
    options?: UntilOptions,
  ): Promise<AnyObject | undefined> {
    const { kind, namespace = "", name } = reference;
    const selector = { fieldSelector: `metadata.name=${name}` };
    const about = `${kind} ${namespace}/${name}`;
    const [object] = await this.#until(reference, selector, about, ([each]) => isWanted(each), options);
    return object;
  }

  /** As `until`, for all objects of the reference's kind and namespace that have the labels; its name does not count. */
  untilAll(
    reference: Omit<ObjectReference, "name">,
    labelSelector: string,
    areWanted: (objects: readonly AnyObject[]) => boolean,
    options?: UntilOptions,
  ): Promise<readonly AnyObject[]> {
    const about = `${reference.kind} ${reference.namespace ?? ""}/ with ${labelSelector}`;
    return this.#until({ ...reference, name: "" }, { labelSelector }, about, areWanted, options);
  }

  async #until(
    reference: ObjectReference,
    selector: Readonly<Record<string, string>>,
    about: string,
    areWanted: (objects: readonly AnyObject[]) => boolean,
    { timeoutMs = 30_000, what = "be as wanted" }: UntilOptions = {},
  ): Promise<readonly AnyObject[]> {
    const signal = AbortSignal.timeout(timeoutMs);
    let last: readonly AnyObject[] = [];
    let problem: unknown;
    while (!signal.aborted) {
      try {
        for await (const objects of this.#states(reference, selector, signal)) {
          last = objects;
          if (areWanted(objects)) return objects;
        }
      } catch (error) {
        problem = error;
        // The API server is away, or the kind is not known yet: nothing tells when that ends.
        if (!signal.aborted) await delay(100);
      }
    }
    const states = last.map((each) => JSON.stringify({ ...each, metadata: undefined }));
    const message = `${about} did not ${what} within ${timeoutMs} ms: ${states.join("\n") || "there is none"}`;
    throw new Error(message, { cause: problem });
  }

  /** The objects that are selected as they are, then after each change, until the watch ends. */
  async *#states(
    reference: ObjectReference,
    selector: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): AsyncGenerator<readonly AnyObject[]> {
    const path = await this.path({ ...reference, name: "" });
    const { metadata, items } = (await this.api.call(path, { query: selector })) as ObjectList;
    const objects = new Map(items.map((item) => [item.metadata.name, item]));
    yield [...objects.values()];
    const ended = new AbortController();
    const query = { ...selector, resourceVersion: metadata.resourceVersion };
    try {
      for await (const event of this.api.watch(path, query, AbortSignal.any([signal, ended.signal]))) {
        if (event.type === "ERROR") return;
        const object = event.object as AnyObject;
        if (event.type === "DELETED") objects.delete(object.metadata.name);
        else objects.set(object.metadata.name, object);
        yield [...objects.values()];
      }
    } finally {
      ended.abort();
    }
  }

  /** The path of an object, or with the empty name of the kind. */
  async path({ apiVersion, kind, name, namespace }: ObjectReference): Promise<string> {
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const resource = await this.#resource(root, kind);
    const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${namespace}` : "";
    return `${root}${scope}/${resource.name}${name === "" ? "" : `/${name}`}`;
  }

  #pathOf({ apiVersion, kind, metadata }: AnyObject, namespace = "default"): Promise<string> {
    return this.path({ apiVersion, kind, name: metadata.name, namespace: metadata.namespace ?? namespace });
  }

  async #resource(root: string, kind: string): Promise<Resource> {
    const key = `${root} ${kind}`;
    const known = this.#resources.get(key);
    if (known !== undefined) return known;
    const { resources } = (await this.api.call(root)) as { readonly resources: readonly Resource[] };
    const found = resources.find((each) => each.kind === kind && !each.name.includes("/"));
    if (found === undefined) throw new ApiError(404, `${root} has no ${kind}`);
    this.#resources.set(key, found);
    return found;
  }
}

/** The objects that manifests hold. */
function readManifests(manifests: Manifests): readonly AnyObject[] {
  if (typeof manifests !== "string") return manifests as readonly AnyObject[];
  const objects = parseAllDocuments(manifests).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS() as AnyObject | null;
  });
  return objects.filter((object) => object !== null);
}

async function unlessAbsent<T>(pending: Promise<T>): Promise<T | undefined> {
  try {
    return await pending;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}
