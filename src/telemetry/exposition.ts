import { escapeHelp } from "./label-text.ts";
import type { HistogramMetric, MetricFamily, MetricRegistry } from "./metric-registry.ts";

/**
 * Prometheus' text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/) or OpenMetrics 1.0.0
 * (https://prometheus.io/docs/specs/om/open_metrics_spec/). Written by ourselves, because prom-client renders a family
 * in one go: with 1,000 counters and 1,000 histograms the event loop stood still for 30 to 90 ms
 * (test/bench/telemetry.bench.ts).
 */
export type ExpositionFormat = "prometheus" | "openmetrics";

export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

const CHUNK_SIZE = 64 * 1024;

/** The exposition in pieces of about 64 K characters (0.1 ms each), with a turn of the event loop between two. */
export async function* exposeInTurns(
  registry: MetricRegistry,
  format: ExpositionFormat,
): AsyncGenerator<string> {
  for (const chunk of expose(registry, format)) {
    yield chunk;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** As `exposeInTurns`, for who sees to the turns himself. */
export function* expose(registry: MetricRegistry, format: ExpositionFormat): Generator<string> {
  let chunk = "";
  for (const family of registry.families()) {
    chunk += describe(family, format);
    for (const lines of samplesOf(family, format)) {
      chunk += lines;
      if (chunk.length < CHUNK_SIZE) continue;
      yield chunk;
      chunk = "";
    }
  }
  yield format === "openmetrics" ? `${chunk}# EOF\n` : chunk;
}

function describe({ kind, spec }: MetricFamily, format: ExpositionFormat): string {
  if (format === "prometheus") {
    return `# HELP ${spec.name} ${escapeHelp(spec.help, false)}\n# TYPE ${spec.name} ${kind}\n`;
  }
  const name = kind === "counter" ? spec.name.replace(/_total$/, "") : spec.name;
  const unit = /_(seconds|bytes)$/.exec(name)?.[1];
  const unitLine = unit === undefined ? "" : `# UNIT ${name} ${unit}\n`;
  return `# TYPE ${name} ${kind}\n${unitLine}# HELP ${name} ${escapeHelp(spec.help, true)}\n`;
}

function* samplesOf(family: MetricFamily, format: ExpositionFormat): Generator<string> {
  if (family.kind === "histogram") {
    yield* histogramsOf(family, format);
    return;
  }
  const { name } = family.spec;
  for (const { text, value } of family.samples()) {
    yield `${name}${text === "" ? "" : `{${text}}`} ${numberText(value)}\n`;
  }
}

function* histogramsOf(family: HistogramMetric, format: ExpositionFormat): Generator<string> {
  const { name, bounds } = family.spec;
  const ends = [...bounds.map((bound) => `le="${boundText(bound, format)}"} `), 'le="+Inf"} '];
  for (const { text, cells } of family.samples()) {
    const bucket = `${name}_bucket{${text}${text === "" ? "" : ","}`;
    const labels = text === "" ? " " : `{${text}} `;
    let lines = "";
    let count = 0;
    for (const [index, end] of ends.entries()) {
      count += cells[index] ?? 0;
      lines += `${bucket}${end}${count}\n`;
    }
    const sum = numberText(cells[bounds.length + 1] ?? 0);
    yield `${lines}${name}_sum${labels}${sum}\n${name}_count${labels}${count}\n`;
  }
}

/** OpenMetrics writes the bounds of buckets so that one sees that they are not integers. */
function boundText(bound: number, format: ExpositionFormat): string {
  return format === "openmetrics" && Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}
