/** What a soak has seen: all that must not be, and how often what may be. */
export class SoakRecord {
  readonly violations: string[] = [];
  readonly counts = new Map<string, number>();
  /** Requests that must not be processed twice, as endpoints saw them whole. */
  readonly #onlyOnce = new Set<string>();

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  violate(what: string): void {
    this.violations.push(what);
  }

  processed(id: string, isIdempotent: boolean): void {
    if (isIdempotent) return;
    if (this.#onlyOnce.has(id)) this.violate(`${id} was forwarded twice`);
    this.#onlyOnce.add(id);
  }
}

/** The content that belongs to a request or response: of what is missing or of another one, something is wrong in it. */
export function contentOf(id: string, size: number): string {
  return `${id}.`.repeat(Math.ceil(size / (id.length + 1))).slice(0, size);
}
