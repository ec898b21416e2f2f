import { CollectedFamily, type CollectedKind } from "./collected-family.ts";
import { HistogramFamily, type HistogramSample, type HistogramSpec } from "./histogram-family.ts";
import type { Labels } from "./label-text.ts";
import { CounterFamily, type FamilySpec, GaugeFamily, type Sample } from "./scalar-family.ts";
import type { SeriesBudget } from "./series-table.ts";

/** A family as it is read. */
export type MetricFamily = ScalarMetric | HistogramMetric;

interface Metric {
  readonly spec: { readonly name: string; readonly help: string };
  expireIdle(now: number, idleMs: number): void;
  reopenOverflow(): void;
}

interface ScalarMetric extends Metric {
  readonly kind: "counter" | "gauge";
  samples(): Iterable<Sample>;
}

export interface HistogramMetric extends Metric {
  readonly kind: "histogram";
  readonly spec: Metric["spec"] & { readonly bounds: readonly number[] };
  samples(): Iterable<HistogramSample>;
}

export interface RegistryLimits {
  /** Series as Prometheus counts them: every bucket of a histogram is one. */
  readonly maxSeries: number;
  readonly idleMs: number;
}

/** What docs/metrics.md promises. */
const DEFAULT_LIMITS: RegistryLimits = { maxSeries: 10_000, idleMs: 600_000 };

/**
 * The metric families of a process. Handles of a family are asked for once and written without looking anything up;
 * the series behind them are made with the first write, dropped when idle and bounded in number.
 */
export class MetricRegistry {
  readonly #families: MetricFamily[] = [];
  readonly #limits: RegistryLimits;
  readonly #budget: SeriesBudget;

  constructor(limits: RegistryLimits = DEFAULT_LIMITS) {
    this.#limits = limits;
    this.#budget = { used: 0, limit: limits.maxSeries };
  }

  counter<L extends Labels>(spec: FamilySpec<L>): CounterFamily<L> {
    return this.#add(new CounterFamily(spec, this.#budget));
  }

  gauge<L extends Labels>(spec: FamilySpec<L>): GaugeFamily<L> {
    return this.#add(new GaugeFamily(spec, this.#budget));
  }

  histogram<L extends Labels>(spec: HistogramSpec<L>): HistogramFamily<L> {
    return this.#add(new HistogramFamily(spec, this.#budget));
  }

  /** A family whose values are asked for at each scrape. */
  collected<L extends Labels>(kind: CollectedKind, spec: FamilySpec<L>): CollectedFamily<L> {
    return this.#add(new CollectedFamily(kind, spec, this.#budget));
  }

  /** In the order in which they were made. */
  families(): readonly MetricFamily[] {
    return this.#families;
  }

  /** Room taken, with what is set aside for the overflow series. */
  get seriesCount(): number {
    return this.#budget.used;
  }

  /**
   * Drops the series that did not change for the idle time. To be called about once a minute, with monotonic ms:
   * that is how exactly the idle time is kept.
   */
  expireIdle(now: number): void {
    for (const family of this.#families) family.expireIdle(now, this.#limits.idleMs);
    for (const family of this.#families) family.reopenOverflow();
  }

  #add<F extends MetricFamily>(family: F): F {
    this.#families.push(family);
    return family;
  }
}
