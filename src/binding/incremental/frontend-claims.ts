import { objectKey } from "../../resources/object-meta.ts";
import type { Service } from "../../resources/service.ts";
import type { FrontendVariants } from "../frontend-variants.ts";
import { compareByAge } from "../order.ts";

interface Claim {
  readonly service: Service;
  readonly variants: FrontendVariants;
}

/**
 * Which Service has which address and port. One that two claim belongs to the older: in a cluster that can't happen
 * for long, in a folder of manifests it is a mistake.
 */
export class FrontendClaims {
  /** Those in force, by name. */
  readonly frontends: ReadonlyMap<string, FrontendVariants>;
  readonly #frontends = new Map<string, FrontendVariants>();
  /** By name, the owner first. */
  readonly #claims = new Map<string, readonly Claim[]>();
  /** Names that several Services claim. */
  readonly #contested = new Set<string>();
  readonly #byService = new Map<string, readonly FrontendVariants[]>();

  constructor() {
    this.frontends = this.#frontends;
  }

  /** What the Service claims, in the order of its ports. */
  of(key: string): readonly FrontendVariants[] {
    return this.#byService.get(key) ?? [];
  }

  /** Services that don't have all that they claim. */
  losers(): ReadonlySet<string> {
    const claims = [...this.#contested].flatMap((name) => this.#claims.get(name)?.slice(1) ?? []);
    return new Set(claims.map(({ service }) => objectKey(service.meta)));
  }

  /** What the Service claims and does not have, as sentences without a full stop. */
  lostBy(key: string): readonly string[] {
    return this.of(key).flatMap(({ producer: { name } }) => {
      const owner = this.#claims.get(name)?.[0]?.service.meta;
      const isLost = owner !== undefined && objectKey(owner) !== key;
      return isLost ? [`${name} belongs to Service ${objectKey(owner)} already`] : [];
    });
  }

  /**
   * The Service claims these and no others; without a Service it is gone. Nothing is in force until it is settled.
   * @param names takes those to be settled
   */
  replace(
    key: string,
    service: Service | undefined,
    claimed: readonly FrontendVariants[],
    names: Set<string>,
  ): void {
    for (const { producer } of this.of(key)) {
      const others = (this.#claims.get(producer.name) ?? []).filter((claim) => !isOf(claim, key));
      this.#setClaims(producer.name, others);
      names.add(producer.name);
    }
    this.#byService.delete(key);
    if (service === undefined || claimed.length === 0) return;
    this.#byService.set(key, claimed);
    for (const variants of claimed) {
      const { name } = variants.producer;
      this.#setClaims(name, [...(this.#claims.get(name) ?? []), { service, variants }]);
      names.add(name);
    }
  }

  /** Puts into force what follows from all claims to a name. @returns whether that is another than before */
  settle(name: string): boolean {
    const owner = this.#claims.get(name)?.[0];
    if (this.#frontends.get(name) === owner?.variants) return false;
    if (owner === undefined) this.#frontends.delete(name);
    else this.#frontends.set(name, owner.variants);
    return true;
  }

  #setClaims(name: string, claims: Claim[]): void {
    if (claims.length === 0) this.#claims.delete(name);
    else
      this.#claims.set(
        name,
        claims.sort((a, b) => compareByAge(a.service, b.service)),
      );
    if (claims.length > 1) this.#contested.add(name);
    else this.#contested.delete(name);
  }
}

function isOf({ service }: Claim, key: string): boolean {
  return objectKey(service.meta) === key;
}
