import assert from "node:assert/strict";
import * as fc from "fast-check";
import prometheus from "prom-client";
import { type ExpositionFormat, expose, exposeInTurns } from "../../src/telemetry/exposition.ts";
import { MetricRegistry } from "../../src/telemetry/metric-registry.ts";
import { parseExposition } from "../support/parse-exposition.ts";

const textOf = (registry: MetricRegistry, format: ExpositionFormat) => [...expose(registry, format)].join("");

function aRegistry(): MetricRegistry {
  const registry = new MetricRegistry();
  const requests = registry.counter<{ service: string; code: string }>({
    name: "t_requests_total",
    help: 'Requests "ended",\nby \\ code.',
    labelNames: ["service", "code"],
  });
  requests.with({ service: "cart", code: "200" }).add(3);
  requests.with({ service: 'a"b\\c\nd', code: "" }).add(1);
  registry.counter<{ direction: string }>({
    name: "t_bytes_total",
    help: "Bytes.",
    labelNames: ["direction"],
  });
  const duration = registry.histogram<{ service: string }>({
    name: "t_duration_seconds",
    help: "Time.",
    labelNames: ["service"],
    bounds: [0.0005, 0.25, 1, 10],
  });
  const handle = duration.with({ service: "cart" });
  for (const seconds of [0.25, 0.5, 99]) handle.observe(seconds);
  registry
    .gauge<Record<string, never>>({ name: "t_errors", help: "Errors.", labelNames: [] })
    .with({})
    .set(2);
  registry
    .histogram<Record<string, never>>({ name: "t_wait", help: "Wait.", labelNames: [], bounds: [1] })
    .with({})
    .observe(1);
  return registry;
}

describe("expose", () => {
  it("writes Prometheus' text format", () => {
    assert.equal(
      textOf(aRegistry(), "prometheus"),
      `# HELP t_requests_total Requests "ended",\\nby \\\\ code.
# TYPE t_requests_total counter
t_requests_total{service="cart",code="200"} 3
t_requests_total{service="a\\"b\\\\c\\nd",code=""} 1
# HELP t_bytes_total Bytes.
# TYPE t_bytes_total counter
# HELP t_duration_seconds Time.
# TYPE t_duration_seconds histogram
t_duration_seconds_bucket{service="cart",le="0.0005"} 0
t_duration_seconds_bucket{service="cart",le="0.25"} 1
t_duration_seconds_bucket{service="cart",le="1"} 2
t_duration_seconds_bucket{service="cart",le="10"} 2
t_duration_seconds_bucket{service="cart",le="+Inf"} 3
t_duration_seconds_sum{service="cart"} 99.75
t_duration_seconds_count{service="cart"} 3
# HELP t_errors Errors.
# TYPE t_errors gauge
t_errors 2
# HELP t_wait Wait.
# TYPE t_wait histogram
t_wait_bucket{le="1"} 1
t_wait_bucket{le="+Inf"} 1
t_wait_sum 1
t_wait_count 1
`,
    );
  });

  it("writes OpenMetrics", () => {
    assert.equal(
      textOf(aRegistry(), "openmetrics"),
      `# TYPE t_requests counter
# HELP t_requests Requests \\"ended\\",\\nby \\\\ code.
t_requests_total{service="cart",code="200"} 3
t_requests_total{service="a\\"b\\\\c\\nd",code=""} 1
# TYPE t_bytes counter
# UNIT t_bytes bytes
# HELP t_bytes Bytes.
# TYPE t_duration_seconds histogram
# UNIT t_duration_seconds seconds
# HELP t_duration_seconds Time.
t_duration_seconds_bucket{service="cart",le="0.0005"} 0
t_duration_seconds_bucket{service="cart",le="0.25"} 1
t_duration_seconds_bucket{service="cart",le="1.0"} 2
t_duration_seconds_bucket{service="cart",le="10.0"} 2
t_duration_seconds_bucket{service="cart",le="+Inf"} 3
t_duration_seconds_sum{service="cart"} 99.75
t_duration_seconds_count{service="cart"} 3
# TYPE t_errors gauge
# HELP t_errors Errors.
t_errors 2
# TYPE t_wait histogram
# HELP t_wait Wait.
t_wait_bucket{le="1.0"} 1
t_wait_bucket{le="+Inf"} 1
t_wait_sum 1
t_wait_count 1
# EOF
`,
    );
  });

  it("writes an empty registry", () => {
    assert.equal(textOf(new MetricRegistry(), "prometheus"), "");
    assert.equal(textOf(new MetricRegistry(), "openmetrics"), "# EOF\n");
  });

  const numbers = [
    0,
    1,
    -2.5,
    1e21,
    1.5e-7,
    2 ** 53,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
  ];
  for (const value of numbers) {
    it(`writes the number ${value}`, () => {
      const registry = new MetricRegistry();
      registry.gauge<Record<string, never>>({ name: "g", help: "", labelNames: [] }).with({}).set(value);
      assert.deepEqual(parseExposition(textOf(registry, "prometheus"), "prometheus")[0]?.samples, [
        { name: "g", labels: {}, value },
      ]);
    });
  }

  const anything = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom('"', "\\", "\n", "n", "é", "{", "}", ",", "=", " ", "\ud800") }),
  );
  // A carriage return would look like the end of a line; help texts are literals of ours.
  const helps = anything.map((text) => text.replaceAll("\r", ""));
  for (const format of ["prometheus", "openmetrics"] as const) {
    it(`brings any labels and help through ${format}`, () => {
      const sets = fc.uniqueArray(fc.record({ a: anything, b: anything }), {
        selector: (each) => JSON.stringify([each.a.toWellFormed(), each.b.toWellFormed()]),
      });
      fc.assert(
        fc.property(
          sets,
          helps,
          fc.array(fc.double({ min: 0, max: 20, noNaN: true })),
          (all, help, values) => {
            const registry = new MetricRegistry();
            const labelNames = ["a", "b"] as const;
            const counter = registry.counter<{ a: string; b: string }>({ name: "c_total", help, labelNames });
            const histogram = registry.histogram<{ a: string; b: string }>({
              name: "h",
              help,
              labelNames,
              bounds: [1, 2.5, 10],
            });
            for (const [index, labels] of all.entries()) {
              counter.with(labels).add(index);
              for (const value of values) histogram.with(labels).observe(value);
            }
            const [counters, histograms] = parseExposition(textOf(registry, format).toWellFormed(), format);
            assert.equal(counters?.help, help.toWellFormed());
            const well = all.map(({ a, b }) => ({ a: a.toWellFormed(), b: b.toWellFormed() }));
            assert.deepEqual(
              counters?.samples.map((sample) => sample.labels),
              well,
            );
            assert.deepEqual(
              counters?.samples.map((sample) => sample.value),
              [...all.keys()],
            );
            const counts = histograms?.samples.filter((sample) => sample.name === "h_count") ?? [];
            assert.ok(counts.every((sample) => sample.value === values.length));
          },
        ),
      );
    });
  }

  it("says the same as prom-client", async () => {
    const ours = new MetricRegistry();
    const theirs = new prometheus.Registry();
    const labelNames = ["service", "code"] as const;
    const spec = { name: "t_total", help: "Some \\ help.", labelNames };
    const histogramSpec = { ...spec, name: "t_seconds", bounds: [0.001, 0.5, 1, 60] };
    const counter = ours.counter<{ service: string; code: string }>(spec);
    const histogram = ours.histogram<{ service: string; code: string }>(histogramSpec);
    const theirCounter = new prometheus.Counter({ ...spec, registers: [theirs] });
    const theirHistogram = new prometheus.Histogram({
      ...histogramSpec,
      buckets: [...histogramSpec.bounds],
      registers: [theirs],
    });
    for (let index = 0; index < 500; index++) {
      const labels = { service: `s"${index % 7}\n`, code: `\\${index % 5}` };
      counter.with(labels).add(index / 8);
      theirCounter.inc(labels, index / 8);
      histogram.with(labels).observe(index / 4);
      theirHistogram.observe(labels, index / 4);
    }
    const theirFamilies = parseExposition((await theirs.metrics()).replaceAll("\n\n", "\n"), "prometheus");
    const sorted = (text: string) => text.split("\n").sort();
    const ourFamilies = parseExposition(textOf(ours, "prometheus"), "prometheus");
    for (const [index, family] of ourFamilies.entries()) {
      const lines = (samples: readonly object[]) =>
        sorted(samples.map((each) => JSON.stringify(sortKeys(each))).join("\n"));
      assert.deepEqual(lines(family.samples), lines(theirFamilies[index]?.samples ?? []));
      assert.equal(family.type, theirFamilies[index]?.type);
      assert.equal(family.help, theirFamilies[index]?.help);
    }
  });
});

function sortKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sortKeys(inner)]),
  );
}

describe("exposition of many series", () => {
  function aBigRegistry(): MetricRegistry {
    const registry = new MetricRegistry({ maxSeries: 100_000, idleMs: 600_000 });
    const labelNames = ["rule"] as const;
    const histogram = registry.histogram<{ rule: string }>({
      name: "h",
      help: "h",
      labelNames,
      bounds: [1, 2, 3],
    });
    for (let index = 0; index < 3_000; index++) histogram.with({ rule: `rule-${index}` }).observe(1);
    return registry;
  }

  it("comes in pieces of bounded size that make one whole", () => {
    const chunks = [...expose(aBigRegistry(), "openmetrics")];
    assert.ok(chunks.length > 5);
    for (const chunk of chunks) assert.ok(chunk.length < 70_000);
    const [family] = parseExposition(chunks.join(""), "openmetrics");
    assert.equal(family?.samples.length, 3_000 * 6);
  });

  it("lets the event loop turn between two pieces", async () => {
    let turns = 0;
    let isOver = false;
    const turn = () => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    const chunks: string[] = [];
    for await (const chunk of exposeInTurns(aBigRegistry(), "prometheus")) chunks.push(chunk);
    isOver = true;
    assert.ok(turns >= chunks.length, `${turns} turns for ${chunks.length} chunks`);
    assert.equal(chunks.join(""), textOf(aBigRegistry(), "prometheus"));
  });

  it("stays whole when series come and go meanwhile", () => {
    const registry = aBigRegistry();
    let text = "";
    for (const chunk of expose(registry, "prometheus")) {
      text += chunk;
      registry.expireIdle(0);
      registry.expireIdle(600_000);
    }
    assert.equal(parseExposition(text, "prometheus")[0]?.samples.length, 3_000 * 6);
  });
});
