import { type Labels, labelText, overflowText } from "./label-text.ts";
import type { FamilySpec, Sample } from "./scalar-family.ts";
import type { SeriesBudget } from "./series-table.ts";

export type CollectedKind = "counter" | "gauge";

/** The values of the moment, at most one a label set. */
export type Collector<L extends Labels> = () => Iterable<readonly [labels: L, value: number]>;

/** A family that keeps nothing: its values are asked for when it is read, and bounded by the room that is left. */
export class CollectedFamily<L extends Labels> {
  readonly kind: CollectedKind;
  readonly spec: FamilySpec<L>;
  readonly #budget: SeriesBudget;
  readonly #collectors: Collector<L>[] = [];

  constructor(kind: CollectedKind, spec: FamilySpec<L>, budget: SeriesBudget) {
    this.kind = kind;
    this.spec = spec;
    this.#budget = budget;
    budget.used++;
  }

  /** Adds a source of values; ends with the returned function. */
  collectFrom(collector: Collector<L>): () => void {
    this.#collectors.push(collector);
    return () => {
      const at = this.#collectors.indexOf(collector);
      if (at >= 0) this.#collectors.splice(at, 1);
    };
  }

  /** What the collectors say now; what has no room is added up in one sample. */
  *samples(): Generator<Sample> {
    let room = this.#budget.limit - this.#budget.used;
    // The room set aside for the overflow is free for the only value of a family without labels.
    if (this.spec.labelNames.length === 0) room++;
    let overflow: number | undefined;
    for (const collector of this.#collectors) {
      for (const [labels, value] of collector()) {
        if (room-- > 0) yield { text: labelText(this.spec.labelNames, labels), value };
        else overflow = (overflow ?? 0) + value;
      }
    }
    if (overflow !== undefined) yield { text: overflowText(this.spec.labelNames), value: overflow };
  }

  expireIdle(): void {}

  reopenOverflow(): void {}
}
