import { TokenBucket } from "../token-bucket.ts";
import type { EventDraft } from "./event-draft.ts";
import { Happening, happeningKey } from "./happening.ts";

export interface MemoryLimits {
  /** Happenings, and objects, that are remembered; the longest unused are forgotten. */
  readonly remembered: number;
  /** Different happenings of one object: so many at once, then one in so many seconds. */
  readonly objectBurst: number;
  readonly objectSeconds: number;
}

/** What has happened lately, so that it is told once with a count, and not too much of one object. */
export class HappeningMemory {
  readonly #limits: MemoryLimits;
  readonly #happenings = new Map<string, Happening>();
  readonly #objects = new Map<string, TokenBucket>();

  constructor(limits: MemoryLimits) {
    this.#limits = limits;
  }

  get(key: string): Happening | undefined {
    return this.#happenings.get(key);
  }

  /** The happening, an old one or a new one; undefined: too much of its object. `now` is monotonic, in ms. */
  recall(draft: EventDraft, now: number): Happening | undefined {
    const key = happeningKey(draft);
    const known = this.#happenings.get(key);
    if (known === undefined && !this.#admit(draft, now)) return undefined;
    const happening = known ?? new Happening(draft);
    this.#happenings.delete(key);
    this.#happenings.set(key, happening);
    this.#forgetOld();
    return happening;
  }

  forget(key: string): void {
    this.#happenings.delete(key);
  }

  #admit({ regarding: { kind, namespace, name } }: EventDraft, now: number): boolean {
    const { objectBurst, objectSeconds, remembered } = this.#limits;
    const key = `${kind} ${namespace}/${name}`;
    const bucket =
      this.#objects.get(key) ?? new TokenBucket({ perSecond: 1 / objectSeconds, burst: objectBurst });
    this.#objects.delete(key);
    this.#objects.set(key, bucket);
    for (const oldest of this.#objects.keys()) {
      if (this.#objects.size <= remembered) break;
      this.#objects.delete(oldest);
    }
    return bucket.take(now);
  }

  #forgetOld(): void {
    for (const [key, { unwritten }] of this.#happenings) {
      if (this.#happenings.size <= this.#limits.remembered) return;
      if (unwritten === 0) this.#happenings.delete(key);
    }
  }
}
