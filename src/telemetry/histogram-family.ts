import type { Labels } from "./label-text.ts";
import type { FamilySpec } from "./scalar-family.ts";
import { type Series, type SeriesBudget, SeriesTable } from "./series-table.ts";

/** As a family's spec, with the upper bounds of the buckets, ascending and finite; the last bucket has none. */
export interface HistogramSpec<L extends Labels> extends FamilySpec<L> {
  readonly bounds: readonly number[];
}

class HistogramSeries implements Series {
  readonly text: string;
  /** How many values each bucket took alone, and after the last bucket their sum. */
  readonly cells: Float64Array;
  isLive = true;
  markSeen = Number.NaN;
  activeAt = 0;

  constructor(text: string, cells: Float64Array) {
    this.text = text;
    this.cells = cells;
  }

  isHeld(): boolean {
    return false;
  }

  mark(): number {
    return countOf(this.cells);
  }
}

const NONE = new HistogramSeries("", new Float64Array());
NONE.isLive = false;

/** A histogram of one label set; to be kept as a counter is. */
export class Histogram {
  readonly #table: SeriesTable<HistogramSeries>;
  readonly #labels: Labels;
  readonly #bounds: Float64Array;
  #series = NONE;

  constructor(table: SeriesTable<HistogramSeries>, labels: Labels, bounds: Float64Array) {
    this.#table = table;
    this.#labels = labels;
    this.#bounds = bounds;
  }

  /** Takes note of a value, in the unit of the name (seconds). */
  observe(value: number): void {
    if (!this.#series.isLive) this.#series = this.#table.resolve(this.#labels);
    const bounds = this.#bounds;
    const cells = this.#series.cells;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket++;
    cells[bucket] = (cells[bucket] ?? 0) + 1;
    const sum = bounds.length + 1;
    cells[sum] = (cells[sum] ?? 0) + value;
  }
}

export class HistogramFamily<L extends Labels> {
  readonly kind = "histogram";
  readonly spec: HistogramSpec<L>;
  readonly #table: SeriesTable<HistogramSeries>;
  readonly #bounds: Float64Array;

  constructor(spec: HistogramSpec<L>, budget: SeriesBudget) {
    this.spec = spec;
    this.#bounds = Float64Array.from(spec.bounds);
    const cells = spec.bounds.length + 2;
    const create = (text: string) => new HistogramSeries(text, new Float64Array(cells));
    // The buckets with the unbounded one, the sum and the count.
    this.#table = new SeriesTable({ labelNames: spec.labelNames, budget, weight: cells + 1, create });
  }

  /** A handle to keep. */
  with(labels: L): Histogram {
    return new Histogram(this.#table, labels, this.#bounds);
  }

  samples(): readonly HistogramSample[] {
    return this.#table.all();
  }

  expireIdle(now: number, idleMs: number): void {
    this.#table.expireIdle(now, idleMs);
  }

  reopenOverflow(): void {
    this.#table.reopenOverflow((old) => new HistogramSeries(old.text, old.cells));
  }
}

/** The cells of a histogram under its labels, ready to be written. */
export interface HistogramSample {
  readonly text: string;
  readonly cells: Float64Array;
}

/** How many values all buckets took: the sum of all cells but the last. */
function countOf(cells: Float64Array): number {
  let count = 0;
  for (let bucket = 0; bucket < cells.length - 1; bucket++) count += cells[bucket] ?? 0;
  return count;
}
