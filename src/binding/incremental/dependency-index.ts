const NONE: ReadonlySet<string> = new Set();

/** Who depends on what, in both directions: `replace` says it anew for one dependent, in time linear in its keys. */
export class DependencyIndex {
  readonly #keys = new Map<string, readonly string[]>();
  readonly #dependents = new Map<string, Set<string>>();

  /** `dependent` depends on these keys and on no others; on none: it is forgotten. */
  replace(dependent: string, keys: readonly string[]): void {
    for (const key of this.#keys.get(dependent) ?? []) {
      const dependents = this.#dependents.get(key);
      dependents?.delete(dependent);
      if (dependents?.size === 0) this.#dependents.delete(key);
    }
    if (keys.length === 0) this.#keys.delete(dependent);
    else this.#keys.set(dependent, keys);
    for (const key of keys) this.#dependents.getOrInsertComputed(key, () => new Set()).add(dependent);
  }

  dependentsOf(key: string): ReadonlySet<string> {
    return this.#dependents.get(key) ?? NONE;
  }
}
