/** All that is filed under one prefix. */
export interface PrefixGroup<T> {
  readonly prefix: string;
  readonly entries: T[];
  /** The group of the longest shorter prefix of this one. */
  parent: PrefixGroup<T> | undefined;
}

/** Whether a prefix must end where a path element ends (`/a` is none of `/ab`), or may end anywhere. */
export type PrefixEnd = "element" | "anywhere";

/** Up to this many prefixes it is faster to try each than to hash the path. */
const MAX_SCANNED = 6;
const SLASH = 0x2f;
const HASH_START = 0x811c9dc5 | 0;
const HASH_PRIME = 0x01000193;

/**
 * Finds the longest of any number of prefixes in one pass over a path, with nothing allocated: one running hash
 * (FNV-1a) gives the hash of every beginning of the path, which is looked up in an open table. The shorter prefixes
 * of the same path follow by `parent`.
 */
export class PrefixTable<T> {
  readonly #end: PrefixEnd;
  readonly #groups = new Map<string, PrefixGroup<T>>();
  /** Longest first; empty where there are too many. */
  #scanned: readonly PrefixGroup<T>[] = [];
  #slots: (PrefixGroup<T> | undefined)[] = [];
  #hashes = new Int32Array(0);
  #mask = 0;
  /** 1 at every length that some prefix has. */
  #lengths = new Uint8Array(1);
  #root: PrefixGroup<T> | undefined;
  #isHashed = false;

  constructor(end: PrefixEnd) {
    this.#end = end;
  }

  get groups(): ReadonlyMap<string, PrefixGroup<T>> {
    return this.#groups;
  }

  /** @param prefix for whole path elements without its trailing slash; the empty one is a prefix of everything */
  add(prefix: string, entry: T): void {
    const group = this.#groups.get(prefix);
    if (group === undefined) this.#groups.set(prefix, { prefix, entries: [entry], parent: undefined });
    else group.entries.push(entry);
  }

  /** Prepares lookups. Yields after each group, so that a caller can spread the work. */
  *finish(): Generator<undefined, void> {
    const groups = [...this.#groups.values()];
    this.#allocate(groups);
    for (const group of groups) {
      this.#insert(group);
      yield;
    }
    for (const group of groups) {
      group.parent =
        group.prefix === "" ? undefined : this.#findHashed(group.prefix, group.prefix.length - 1);
      yield;
    }
    this.#isHashed = groups.length > MAX_SCANNED;
    if (!this.#isHashed) {
      this.#scanned = groups.sort((first, second) => second.prefix.length - first.prefix.length);
    }
  }

  /** The group of the longest prefix that a path begins with. */
  find(path: string): PrefixGroup<T> | undefined {
    if (this.#isHashed) return this.#findHashed(path, path.length);
    for (const group of this.#scanned) {
      if (path.startsWith(group.prefix) && this.#isEnd(path, group.prefix.length)) return group;
    }
    return undefined;
  }

  /** @param maxLength of a prefix to be found, up to the length of the path */
  #findHashed(path: string, maxLength: number): PrefixGroup<T> | undefined {
    const limit = Math.min(maxLength, this.#lengths.length - 1);
    let found = this.#root;
    let hash = HASH_START;
    for (let index = 0; index < limit; index += 1) {
      if (this.#lengths[index] === 1 && this.#isEnd(path, index))
        found = this.#lookUp(hash, path, index) ?? found;
      hash = Math.imul(hash ^ path.charCodeAt(index), HASH_PRIME);
    }
    return (this.#isEnd(path, limit) ? this.#lookUp(hash, path, limit) : undefined) ?? found;
  }

  #isEnd(path: string, length: number): boolean {
    return (
      this.#end === "anywhere" || length === 0 || length === path.length || path.charCodeAt(length) === SLASH
    );
  }

  #lookUp(hash: number, path: string, length: number): PrefixGroup<T> | undefined {
    let slot = hash & this.#mask;
    let group = this.#slots[slot];
    while (group !== undefined) {
      if (this.#hashes[slot] === hash && group.prefix.length === length && path.startsWith(group.prefix)) {
        return group;
      }
      slot = (slot + 1) & this.#mask;
      group = this.#slots[slot];
    }
    return undefined;
  }

  #allocate(groups: readonly PrefixGroup<T>[]): void {
    const size = 2 ** Math.ceil(Math.log2(groups.length * 2 + 1));
    this.#slots = Array.from({ length: size });
    this.#hashes = new Int32Array(size);
    this.#mask = size - 1;
    const longest = groups.reduce((length, group) => Math.max(length, group.prefix.length), 0);
    this.#lengths = new Uint8Array(longest + 1);
    this.#root = this.#groups.get("");
  }

  #insert(group: PrefixGroup<T>): void {
    const { prefix } = group;
    let hash = HASH_START;
    for (let index = 0; index < prefix.length; index += 1) {
      hash = Math.imul(hash ^ prefix.charCodeAt(index), HASH_PRIME);
    }
    let slot = hash & this.#mask;
    while (this.#slots[slot] !== undefined) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = group;
    this.#hashes[slot] = hash;
    this.#lengths[prefix.length] = 1;
  }
}
