import type { MatchEntry } from "./match-entry.ts";
import { isPathPrefix } from "./match-entry.ts";

/** All matches of one prefix. */
export interface PrefixGroup {
  /** Without trailing slash. */
  readonly prefix: string;
  /** Best first, once `finish` has run. */
  readonly entries: MatchEntry[];
  /** The longest shorter prefix that is a path prefix of this one. */
  parent: PrefixGroup | undefined;
}

/** Up to this many prefixes it is faster to try each than to hash the path. */
const MAX_SCANNED = 6;
const SLASH = 0x2f;
const HASH_START = 0x811c9dc5 | 0;
const HASH_PRIME = 0x01000193;

/**
 * Finds the longest of any number of prefixes in one pass over the path, with nothing allocated: the hash of every
 * beginning that ends at a path element comes from one running hash (FNV-1a), and is looked up in an open table.
 * Shorter prefixes of the same path follow by `parent`.
 */
export class PrefixTable {
  readonly #groups = new Map<string, PrefixGroup>();
  #scanned: readonly PrefixGroup[] = [];
  #slots: (PrefixGroup | undefined)[] = [];
  #hashes = new Int32Array(0);
  #mask = 0;
  #maxLength = 0;
  #root: PrefixGroup | undefined;

  get groups(): ReadonlyMap<string, PrefixGroup> {
    return this.#groups;
  }

  add(entry: MatchEntry): void {
    const prefix = entry.path;
    let group = this.#groups.get(prefix);
    if (group === undefined) {
      group = { prefix, entries: [], parent: undefined };
      this.#groups.set(prefix, group);
    }
    group.entries.push(entry);
  }

  /** Prepares lookups; one step per group, so that a caller can spread the work. */
  *finish(): Generator<void, void> {
    this.#root = this.#groups.get("");
    if (this.#groups.size <= MAX_SCANNED) {
      this.#scanned = [...this.#groups.values()].sort((a, b) => b.prefix.length - a.prefix.length);
    } else {
      this.#allocateSlots(this.#groups.size);
    }
    for (const group of this.#groups.values()) {
      group.parent = this.#parentOf(group);
      if (this.#mask > 0) this.#insert(group);
      yield;
    }
  }

  /** The group of the longest prefix that a path begins with, by whole path elements. */
  find(path: string): PrefixGroup | undefined {
    if (this.#mask > 0) return this.#findHashed(path);
    for (const group of this.#scanned) {
      if (isPathPrefix(group.prefix, path)) return group;
    }
    return undefined;
  }

  #findHashed(path: string): PrefixGroup | undefined {
    const limit = Math.min(path.length, this.#maxLength);
    let found = this.#root;
    let hash = HASH_START;
    for (let index = 0; index < limit; index += 1) {
      const code = path.charCodeAt(index);
      if (code === SLASH && index > 0) found = this.#lookUp(hash, path, index) ?? found;
      hash = Math.imul(hash ^ code, HASH_PRIME);
    }
    const isElementEnd = limit === path.length || path.charCodeAt(limit) === SLASH;
    return (isElementEnd ? this.#lookUp(hash, path, limit) : undefined) ?? found;
  }

  #lookUp(hash: number, path: string, length: number): PrefixGroup | undefined {
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

  #parentOf(group: PrefixGroup): PrefixGroup | undefined {
    const { prefix } = group;
    for (let end = prefix.lastIndexOf("/"); end > 0; end = prefix.lastIndexOf("/", end - 1)) {
      const parent = this.#groups.get(prefix.slice(0, end));
      if (parent !== undefined) return parent;
    }
    return prefix === "" ? undefined : this.#root;
  }

  #allocateSlots(count: number): void {
    const size = 2 ** Math.ceil(Math.log2(count * 2));
    this.#slots = Array.from({ length: size }, () => undefined);
    this.#hashes = new Int32Array(size);
    this.#mask = size - 1;
  }

  #insert(group: PrefixGroup): void {
    const hash = hashOf(group.prefix);
    let slot = hash & this.#mask;
    while (this.#slots[slot] !== undefined) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = group;
    this.#hashes[slot] = hash;
    this.#maxLength = Math.max(this.#maxLength, group.prefix.length);
  }
}

function hashOf(text: string): number {
  let hash = HASH_START;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), HASH_PRIME);
  }
  return hash;
}
