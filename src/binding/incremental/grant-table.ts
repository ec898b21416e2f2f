import type { ReferenceGrant } from "../../resources/reference-grant.ts";
import type { GrantIndex } from "../routes/reference-grants.ts";

/** The ReferenceGrants by the namespace that they open, as they come and go. */
export class GrantTable {
  readonly index: GrantIndex;
  readonly #index = new Map<string, readonly ReferenceGrant[]>();

  constructor() {
    this.index = this.#index;
  }

  put(grant: ReferenceGrant): void {
    const { namespace, name } = grant.meta;
    this.#index.set(namespace, [...this.#without(namespace, name), grant]);
  }

  remove({ namespace, name }: { readonly namespace: string; readonly name: string }): void {
    const left = this.#without(namespace, name);
    if (left.length === 0) this.#index.delete(namespace);
    else this.#index.set(namespace, left);
  }

  #without(namespace: string, name: string): readonly ReferenceGrant[] {
    return (this.#index.get(namespace) ?? []).filter(({ meta }) => meta.name !== name);
  }
}
