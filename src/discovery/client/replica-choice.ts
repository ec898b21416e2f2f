/** Spreads sidecars over the controller's replicas: any of them at random, but none that just failed if there is another. */
export class ReplicaChoice {
  readonly #avoided = new Set<string>();

  /** @param random in [0, 1) */
  pick(addresses: readonly string[], random: number): string | undefined {
    const others = addresses.filter((address) => !this.#avoided.has(address));
    if (others.length === 0) this.#avoided.clear();
    const choices = others.length === 0 ? addresses : others;
    return choices[Math.floor(random * choices.length)];
  }

  /** It failed, or asked to go elsewhere: it is taken again only when all others were tried. */
  avoid(address: string): void {
    this.#avoided.add(address);
  }

  /** One was found that works. */
  reset(): void {
    this.#avoided.clear();
  }
}
