import type { Labels } from "./label-text.ts";
import { type Series, type SeriesBudget, SeriesTable } from "./series-table.ts";

/** What a family is called. Names and help texts are literals of ours, never made from input. */
export interface FamilySpec<L extends Labels> {
  /** The full name of the sample: a counter's ends in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly (keyof L & string)[];
}

class ScalarSeries implements Series {
  readonly text: string;
  readonly #isGauge: boolean;
  isLive = true;
  // Not an integer at first, so that the field holds doubles from the start.
  value = 0.5;
  markSeen = Number.NaN;
  activeAt = 0;

  constructor(text: string, isGauge: boolean) {
    this.text = text;
    this.#isGauge = isGauge;
    this.value = 0;
  }

  isHeld(): boolean {
    return this.#isGauge && this.value !== 0;
  }

  mark(): number {
    return this.value;
  }
}

/** Stands where no series was asked for yet. */
const NONE = new ScalarSeries("", false);
NONE.isLive = false;

/**
 * A counter of one label set. Costs nothing until it is written, and may be kept for ever: when its series was dropped
 * for being idle, the next write brings it back, from 0.
 */
export class Counter {
  readonly #table: SeriesTable<ScalarSeries>;
  readonly #labels: Labels;
  #series = NONE;

  constructor(table: SeriesTable<ScalarSeries>, labels: Labels) {
    this.#table = table;
    this.#labels = labels;
  }

  /** Counts `amount` (not negative). */
  add(amount: number): void {
    if (!this.#series.isLive) this.#series = this.#table.resolve(this.#labels);
    this.#series.value += amount;
  }
}

/** A gauge of one label set; kept and dropped as a counter, but only dropped while it is 0. */
export class Gauge {
  readonly #table: SeriesTable<ScalarSeries>;
  readonly #labels: Labels;
  #series = NONE;

  constructor(table: SeriesTable<ScalarSeries>, labels: Labels) {
    this.#table = table;
    this.#labels = labels;
  }

  /** Changes the value; what one handle added the same handle has to take off. */
  add(amount: number): void {
    this.#resolved().value += amount;
  }

  set(value: number): void {
    this.#resolved().value = value;
  }

  #resolved(): ScalarSeries {
    if (!this.#series.isLive) this.#series = this.#table.resolve(this.#labels);
    return this.#series;
  }
}

export class CounterFamily<L extends Labels> {
  readonly kind = "counter";
  readonly spec: FamilySpec<L>;
  readonly #table: SeriesTable<ScalarSeries>;

  constructor(spec: FamilySpec<L>, budget: SeriesBudget) {
    this.spec = spec;
    const create = (text: string) => new ScalarSeries(text, false);
    this.#table = new SeriesTable({ labelNames: spec.labelNames, budget, weight: 1, create });
  }

  /** A handle to keep. */
  with(labels: L): Counter {
    return new Counter(this.#table, labels);
  }

  samples(): readonly Sample[] {
    return this.#table.all();
  }

  expireIdle(now: number, idleMs: number): void {
    this.#table.expireIdle(now, idleMs);
  }

  reopenOverflow(): void {
    this.#table.reopenOverflow((old) => {
      const series = new ScalarSeries(old.text, false);
      series.value = old.value;
      return series;
    });
  }
}

export class GaugeFamily<L extends Labels> {
  readonly kind = "gauge";
  readonly spec: FamilySpec<L>;
  readonly #table: SeriesTable<ScalarSeries>;

  constructor(spec: FamilySpec<L>, budget: SeriesBudget) {
    this.spec = spec;
    const create = (text: string) => new ScalarSeries(text, true);
    this.#table = new SeriesTable({ labelNames: spec.labelNames, budget, weight: 1, create });
  }

  /** A handle to keep. */
  with(labels: L): Gauge {
    return new Gauge(this.#table, labels);
  }

  samples(): readonly Sample[] {
    return this.#table.all();
  }

  expireIdle(now: number, idleMs: number): void {
    this.#table.expireIdle(now, idleMs);
  }

  /** A gauge in the overflow series stays in it, because what it added has to be taken off there. */
  reopenOverflow(): void {}
}

/** A value under its labels, ready to be written. */
export interface Sample {
  readonly text: string;
  readonly value: number;
}
