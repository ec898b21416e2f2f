import { type Labels, labelText, overflowText } from "./label-text.ts";

/** The room that all families of a registry share, in series as Prometheus counts them (a histogram is many). */
export interface SeriesBudget {
  used: number;
  readonly limit: number;
}

/** One label set of a family and what was counted for it. */
export interface Series {
  /** The labels as both formats write them. */
  readonly text: string;
  /** False once it was dropped: whoever holds it asks the table for another before writing. */
  isLive: boolean;
  /** If it must be kept though nothing changes. */
  isHeld(): boolean;
  /** A number that changes when the series does. */
  mark(): number;
  markSeen: number;
  activeAt: number;
}

export interface TableOptions<S extends Series> {
  readonly labelNames: readonly string[];
  readonly budget: SeriesBudget;
  /** How many series of the budget one of this table is. */
  readonly weight: number;
  readonly create: (text: string) => S;
}

/**
 * The series of one family by their labels. What has no room under the budget shares one series, whose own room is
 * set aside when the table is made.
 */
export class SeriesTable<S extends Series> {
  readonly #labelNames: readonly string[];
  readonly #budget: SeriesBudget;
  readonly #weight: number;
  readonly #create: (text: string) => S;
  readonly #series = new Map<string, S>();
  #overflow: S | undefined;

  constructor({ labelNames, budget, weight, create }: TableOptions<S>) {
    this.#labelNames = labelNames;
    this.#budget = budget;
    this.#create = create;
    budget.used += weight;
    // The only series of a family without labels takes the room that was set aside.
    this.#weight = labelNames.length === 0 ? 0 : weight;
  }

  /** The live series of these labels, made if there is none. Not for the hot path. */
  resolve(labels: Labels): S {
    const text = labelText(this.#labelNames, labels);
    const known = this.#series.get(text);
    if (known !== undefined) return known;
    if (this.#budget.used + this.#weight > this.#budget.limit && this.#weight > 0) {
      this.#overflow ??= this.#create(overflowText(this.#labelNames));
      return this.#overflow;
    }
    const series = this.#create(text);
    this.#series.set(text, series);
    this.#budget.used += this.#weight;
    return series;
  }

  /** Every series, as a copy: what comes and goes meanwhile does not disturb a reader that takes its time. */
  all(): readonly S[] {
    const series = [...this.#series.values()];
    if (this.#overflow !== undefined) series.push(this.#overflow);
    return series;
  }

  /** Drops what has not changed for `idleMs`. Changes are noticed by the calls of this only. */
  expireIdle(now: number, idleMs: number): void {
    for (const [text, series] of this.#series) {
      if (!isIdle(series, now, idleMs)) continue;
      series.isLive = false;
      this.#series.delete(text);
      this.#budget.used -= this.#weight;
    }
    if (this.#overflow !== undefined && isIdle(this.#overflow, now, idleMs)) {
      this.#overflow.isLive = false;
      this.#overflow = undefined;
    }
  }

  /** Lets those that share the overflow series ask again, if there is room now; what it counted goes to `successor`. */
  reopenOverflow(successor: (old: S) => S): void {
    if (this.#overflow === undefined || this.#budget.used + this.#weight > this.#budget.limit) return;
    this.#overflow.isLive = false;
    this.#overflow = successor(this.#overflow);
  }
}

function isIdle(series: Series, now: number, idleMs: number): boolean {
  const mark = series.mark();
  if (mark !== series.markSeen) {
    series.markSeen = mark;
    series.activeAt = now;
  }
  return now - series.activeAt >= idleMs && !series.isHeld();
}
