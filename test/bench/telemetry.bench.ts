import prometheus from "prom-client";
import { type AccessLogEntry, accessLogLine, encodeAccessLogTarget } from "../../src/telemetry/access-log.ts";
import { type ExpositionFormat, expose } from "../../src/telemetry/exposition.ts";
import { MetricRegistry } from "../../src/telemetry/metric-registry.ts";
import { createProxyMetrics, type RequestLabels } from "../../src/telemetry/proxy-metrics.ts";
import { RequestSeries } from "../../src/telemetry/request-series.ts";
import { measure } from "./measure.ts";

const COUNT = 5_000_000;

const labelsOf = (rule: number): RequestLabels => ({
  service_namespace: "shop",
  service: "cart",
  port: "80",
  route_kind: "HTTPRoute",
  route_namespace: "shop",
  route: "cart",
  rule: String(rule),
  backend_namespace: "shop",
  backend: "cart-v2",
  backend_port: "8080",
});

const registry = new MetricRegistry({ maxSeries: 100_000, idleMs: 600_000 });
const metrics = createProxyMetrics(registry);
const handles = Array.from({ length: 16 }, (_, rule) => ({
  counter: metrics.requests.with({ ...labelsOf(rule), code: "200", grpc_status: "" }),
  histogram: metrics.requestDuration.with(labelsOf(rule)),
  request: new RequestSeries(metrics, labelsOf(rule)),
}));
const some = (index: number) => handles[index & 15] as (typeof handles)[number];
const seconds = Float64Array.from({ length: 64 }, (_, index) => 0.0003 * 1.15 ** index);
const someSeconds = (index: number) => seconds[index & 63] ?? 0;

measure("counter, add", COUNT, (count) => {
  for (let index = 0; index < count; index++) some(index).counter.add(1);
});
measure("histogram, observe 0.3 ms to 2 s", COUNT, (count) => {
  for (let index = 0; index < count; index++) some(index).histogram.observe(someSeconds(index));
});
measure("request: counter by code and histogram", COUNT, (count) => {
  for (let index = 0; index < count; index++) some(index).request.record(200, undefined, someSeconds(index));
});
measure("request: codes that change each time", COUNT, (count) => {
  for (let index = 0; index < count; index++) {
    some(index).request.record(200 + ((index >> 4) & 3), undefined, someSeconds(index));
  }
});
measure("expiry of 10,000 series", 10, (count) => {
  const many = new MetricRegistry();
  const family = many.counter<{ rule: string }>({ name: "c_total", help: "c", labelNames: ["rule"] });
  for (let index = 0; index < 10_000; index++) family.with({ rule: String(index) }).add(1);
  for (let index = 0; index < count; index++) many.expireIdle(index);
});

const target = encodeAccessLogTarget({
  service: "shop/cart:80",
  route: "shop/cart",
  rule: "3",
  backend: "shop/v2:8080",
});
const entry: AccessLogEntry = {
  timeMs: Date.now(),
  target,
  endpoint: "10.0.0.1:8080",
  protocol: "http1",
  method: "GET",
  path: "/api/v1/carts/4711/items?page=2",
  host: "cart.shop.svc.cluster.local",
  status: 200,
  grpcStatus: undefined,
  failure: undefined,
  tries: 1,
  bytesReceived: 0,
  bytesSent: 1_024,
  durationMs: 1.234_5,
  upstreamMs: 1.012_3,
  traceId: undefined,
};
let written = 0;
measure("access log line", COUNT / 10, (count) => {
  for (let index = 0; index < count; index++) {
    written += Buffer.byteLength(
      accessLogLine({ ...entry, timeMs: entry.timeMs + index * 0.05, bytesSent: index }),
    );
  }
});
/** A registry of 1,000 counters and 1,000 histograms, ten labels each. */
function aBigRegistry(): MetricRegistry {
  const big = new MetricRegistry({ maxSeries: 100_000, idleMs: 600_000 });
  const families = createProxyMetrics(big);
  for (let rule = 0; rule < 1_000; rule++)
    new RequestSeries(families, labelsOf(rule)).record(200, undefined, 0.02);
  return big;
}

const milliseconds = (since: bigint) => Number(process.hrtime.bigint() - since) / 1e6;

function scrape(big: MetricRegistry, format: ExpositionFormat): void {
  let longest = 0;
  let length = 0;
  const start = process.hrtime.bigint();
  let turn = start;
  for (const chunk of expose(big, format)) {
    length += Buffer.from(chunk).length;
    longest = Math.max(longest, milliseconds(turn));
    turn = process.hrtime.bigint();
  }
  console.log(
    `scrape of 1,000 counters and 1,000 histograms, ${format}: ${milliseconds(start).toFixed(1)} ms in all, ` +
      `longest turn ${longest.toFixed(2)} ms, ${(length / 1e6).toFixed(1)} MB`,
  );
}

const big = aBigRegistry();
for (let round = 0; round < 5; round++) scrape(big, "prometheus");
scrape(big, "openmetrics");

// What prom-client takes for the same values, in one turn: the reason for an exposition of our own.
const theirs = new prometheus.Registry();
const labelNames = Object.keys(labelsOf(0));
const buckets = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
const counter = new prometheus.Counter({ name: "c_total", help: "c", labelNames, registers: [theirs] });
const histogram = new prometheus.Histogram({
  name: "h",
  help: "h",
  labelNames,
  buckets,
  registers: [theirs],
});
for (let rule = 0; rule < 1_000; rule++) {
  counter.inc({ ...labelsOf(rule) }, 1);
  histogram.observe({ ...labelsOf(rule) }, 0.02);
}
for (let round = 0; round < 3; round++) {
  const rssBefore = process.memoryUsage().rss;
  const start = process.hrtime.bigint();
  const text = await theirs.metrics();
  const rss = (process.memoryUsage().rss - rssBefore) / 1e6;
  console.log(
    `prom-client: ${milliseconds(start).toFixed(1)} ms in one turn, ${(text.length / 1e6).toFixed(1)} MB, RSS +${rss.toFixed(0)} MB`,
  );
}
console.log(`(${written} characters written)`);
