import { isRecord } from "../resources/read/field.ts";

/** `key` is `namespace/name`, `/name` for objects without a namespace. */
export type ObjectChange<T> =
  | { readonly kind: "upsert"; readonly key: string; readonly object: T }
  | { readonly kind: "delete"; readonly key: string };

export interface ObjectReading<T> {
  /** Keeps of a received object what is needed; undefined: it is of no interest. */
  readonly read: (raw: unknown) => T | undefined;
  /** Whether two readings of one object are alike, so that nobody needs to hear of the second. */
  readonly isSame?: (before: T, after: T) => boolean;
  /** Something came that names no object. */
  readonly onMalformed: () => void;
  /** `read` or `isSame` threw: the object stays as it was held. */
  readonly onSkipped: (key: string, error: unknown) => void;
}

interface Held<T> {
  /** Of the object when it was read. It changes with every change of the object and never comes back. */
  readonly resourceVersion: string;
  readonly object: T;
}

interface Named {
  readonly key: string;
  readonly resourceVersion: string;
}

type HeldMap<T> = Map<string, Held<T>>;

/** What a reflector keeps of the objects it was told of, and what changes in it. */
export class HeldObjects<T> {
  readonly #reading: ObjectReading<T>;
  #held: HeldMap<T> = new Map();

  constructor(reading: ObjectReading<T>) {
    this.#reading = reading;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Takes an object that was added or changed. */
  upsert(raw: unknown): ObjectChange<T> | undefined {
    const named = this.#name(raw);
    if (named === undefined) return undefined;
    const before = this.#held.get(named.key);
    const after = this.#read(named, raw, before);
    if (after === before) return undefined;
    if (after === undefined) return this.#remove(named.key);
    this.#held.set(named.key, after);
    return after.object === before?.object ? undefined : upsertOf(named.key, after);
  }

  /** Takes the last state of an object that was deleted. */
  delete(raw: unknown): ObjectChange<T> | undefined {
    const named = this.#name(raw);
    return named === undefined ? undefined : this.#remove(named.key);
  }

  /** All that is held goes. */
  clear(): readonly ObjectChange<T>[] {
    const changes = [...this.#held.keys()].map((key): ObjectChange<T> => ({ kind: "delete", key }));
    this.#held = new Map();
    return changes;
  }

  /** Whatever comes next is read anew, the same version or not. */
  forgetVersions(): void {
    for (const [key, { object }] of this.#held) this.#held.set(key, { resourceVersion: "", object });
  }

  /** Begins to take all objects that there are; nothing changes until they are complete. */
  beginList(): ObjectList<T> {
    const next: HeldMap<T> = new Map();
    return {
      add: (raw) => {
        const named = this.#name(raw);
        if (named === undefined) return;
        const entry = this.#read(named, raw, this.#held.get(named.key));
        if (entry !== undefined) next.set(named.key, entry);
      },
      complete: () => this.#replace(next),
    };
  }

  #replace(next: HeldMap<T>): readonly ObjectChange<T>[] {
    const before = this.#held;
    this.#held = next;
    const changes: ObjectChange<T>[] = [];
    for (const key of before.keys()) {
      if (!next.has(key)) changes.push({ kind: "delete", key });
    }
    for (const [key, entry] of next) {
      if (before.get(key)?.object !== entry.object) changes.push(upsertOf(key, entry));
    }
    return changes;
  }

  #remove(key: string): ObjectChange<T> | undefined {
    return this.#held.delete(key) ? { kind: "delete", key } : undefined;
  }

  #name(raw: unknown): Named | undefined {
    const named = nameOf(raw);
    if (named === undefined) this.#reading.onMalformed();
    return named;
  }

  #read({ key, resourceVersion }: Named, raw: unknown, before: Held<T> | undefined): Held<T> | undefined {
    if (before !== undefined && before.resourceVersion === resourceVersion) return before;
    try {
      const object = this.#reading.read(raw);
      if (object === undefined) return undefined;
      const isSame = before !== undefined && this.#reading.isSame?.(before.object, object) === true;
      return { resourceVersion, object: isSame ? before.object : object };
    } catch (error) {
      this.#reading.onSkipped(key, error);
      return before;
    }
  }
}

export interface ObjectList<T> {
  add(raw: unknown): void;
  /** What is not in the list is deleted. */
  complete(): readonly ObjectChange<T>[];
}

function upsertOf<T>(key: string, { object }: Held<T>): ObjectChange<T> {
  return { kind: "upsert", key, object };
}

function nameOf(raw: unknown): Named | undefined {
  const metadata = isRecord(raw) ? raw["metadata"] : undefined;
  if (!isRecord(metadata)) return undefined;
  const { name, namespace = "", resourceVersion } = metadata;
  if (typeof name !== "string" || name === "" || typeof namespace !== "string") return undefined;
  if (typeof resourceVersion !== "string" || resourceVersion === "") return undefined;
  return { key: `${namespace}/${name}`, resourceVersion };
}

/** The version that an object or a bookmark carries. */
export function resourceVersionOf(raw: unknown): string | undefined {
  const metadata = isRecord(raw) ? raw["metadata"] : undefined;
  const version = isRecord(metadata) ? metadata["resourceVersion"] : undefined;
  return typeof version === "string" && version !== "" ? version : undefined;
}
