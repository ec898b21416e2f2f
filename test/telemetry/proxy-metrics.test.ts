import assert from "node:assert/strict";
import { expose } from "../../src/telemetry/exposition.ts";
import { MetricRegistry } from "../../src/telemetry/metric-registry.ts";
import {
  createProxyMetrics,
  type ProxyMetrics,
  type RequestLabels,
} from "../../src/telemetry/proxy-metrics.ts";
import { RequestSeries } from "../../src/telemetry/request-series.ts";
import { parseExposition } from "../support/parse-exposition.ts";

const service = { service_namespace: "shop", service: "cart", port: "80" };
const route = { route_kind: "HTTPRoute", route_namespace: "shop", route: "cart", rule: "canary" };
const backend = { backend_namespace: "shop", backend: "cart-v2", backend_port: "8080" };
const request: RequestLabels = { ...service, ...route, ...backend };

interface Case {
  readonly name: string;
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly write: (metrics: ProxyMetrics) => void;
}

const cases: readonly Case[] = [
  {
    name: "eastbound_requests_total",
    type: "counter",
    labels: { ...request, code: "200", grpc_status: "" },
    write: (m) => m.requests.with({ ...request, code: "200", grpc_status: "" }).add(1),
  },
  {
    name: "eastbound_request_duration_seconds",
    type: "histogram",
    labels: request,
    write: (m) => m.requestDuration.with(request).observe(0.1),
  },
  {
    name: "eastbound_request_failures_total",
    type: "counter",
    labels: { ...service, kind: "no_endpoint" },
    write: (m) => m.requestFailures.with({ ...service, kind: "no_endpoint" }).add(1),
  },
  {
    name: "eastbound_resends_total",
    type: "counter",
    labels: { ...service, reason: "connect_failed" },
    write: (m) => m.resends.with({ ...service, reason: "connect_failed" }).add(1),
  },
  {
    name: "eastbound_mirrored_requests_total",
    type: "counter",
    labels: { ...service, ...backend, result: "sent" },
    write: (m) => m.mirroredRequests.with({ ...service, ...backend, result: "sent" }).add(1),
  },
  {
    name: "eastbound_connections_total",
    type: "counter",
    labels: { ...service, protocol: "http1" },
    write: (m) => m.connections.with({ ...service, protocol: "http1" }).add(1),
  },
  {
    name: "eastbound_connections_open",
    type: "gauge",
    labels: { ...service, protocol: "opaque" },
    write: (m) => m.connectionsOpen.with({ ...service, protocol: "opaque" }).add(1),
  },
  {
    name: "eastbound_passthrough_connections_total",
    type: "counter",
    labels: { reason: "unknown_destination" },
    write: (m) => m.passthroughConnections.with({ reason: "unknown_destination" }).add(1),
  },
  {
    name: "eastbound_upstream_connections_open",
    type: "gauge",
    labels: backend,
    write: (m) => m.upstreamConnectionsOpen.with(backend).add(1),
  },
  {
    name: "eastbound_upstream_connect_failures_total",
    type: "counter",
    labels: backend,
    write: (m) => m.upstreamConnectFailures.with(backend).add(1),
  },
  {
    name: "eastbound_bytes_total",
    type: "counter",
    labels: { ...service, direction: "sent" },
    write: (m) => m.bytes.with({ ...service, direction: "sent" }).add(1),
  },
  {
    name: "eastbound_endpoints",
    type: "gauge",
    labels: { ...backend, state: "ejected" },
    write: (m) => m.endpoints.collectFrom(() => [[{ ...backend, state: "ejected" }, 1]]),
  },
  {
    name: "eastbound_source_reloads_total",
    type: "counter",
    labels: { result: "ok" },
    write: (m) => m.sourceReloads.with({ result: "ok" }).add(1),
  },
  {
    name: "eastbound_source_errors",
    type: "gauge",
    labels: {},
    write: (m) => m.sourceErrors.with({}).set(1),
  },
  {
    name: "eastbound_access_log_dropped_total",
    type: "counter",
    labels: {},
    write: (m) => m.accessLogDropped.collectFrom(() => [[{}, 1]]),
  },
];

const read = (registry: MetricRegistry) =>
  parseExposition([...expose(registry, "prometheus")].join(""), "prometheus");

describe("createProxyMetrics", () => {
  for (const c of cases) {
    it(`has ${c.name} with its labels`, () => {
      const registry = new MetricRegistry();
      c.write(createProxyMetrics(registry));
      const family = read(registry).find((each) => each.name === c.name);
      assert.equal(family?.type, c.type);
      const { le: _, ...labels } = family?.samples[0]?.labels ?? {};
      assert.deepEqual(labels, c.labels);
    });
  }

  it("has no others, and a help text for each", () => {
    const registry = new MetricRegistry();
    createProxyMetrics(registry);
    const families = read(registry);
    assert.deepEqual(families.map((family) => family.name).sort(), cases.map((c) => c.name).sort());
    for (const { help } of families) assert.match(help, /^[A-Z].*\.$/);
  });

  it("has buckets from half a millisecond to a minute", () => {
    const registry = new MetricRegistry();
    createProxyMetrics(registry).requestDuration.with(request).observe(0);
    const samples = read(registry).find((each) => each.type === "histogram")?.samples ?? [];
    const bounds = samples.flatMap((sample) => sample.labels["le"] ?? []);
    assert.deepEqual([bounds.length, bounds[0], bounds.at(-2), bounds.at(-1)], [15, "0.0005", "60", "+Inf"]);
  });
});

describe("RequestSeries", () => {
  function recorded(...records: readonly (readonly [code: number, grpc: number | undefined])[]) {
    const registry = new MetricRegistry();
    const series = new RequestSeries(createProxyMetrics(registry), request);
    for (const [code, grpc] of records) series.record(code, grpc, 0.02);
    const families = read(registry);
    const counts = families.find((each) => each.name === "eastbound_requests_total")?.samples ?? [];
    const duration =
      families.find((each) => each.name === "eastbound_request_duration_seconds")?.samples ?? [];
    return {
      counts: counts.map(({ labels, value }) => `${labels["code"]}/${labels["grpc_status"]} ${value}`),
      durations: duration.find((sample) => sample.name.endsWith("_count"))?.value,
      sum: duration.find((sample) => sample.name.endsWith("_sum"))?.value,
    };
  }

  it("counts by status, and takes note of the time", () => {
    const { counts, durations, sum } = recorded(
      [200, undefined],
      [200, undefined],
      [503, undefined],
      [200, undefined],
    );
    assert.deepEqual(counts, ["200/ 3", "503/ 1"]);
    assert.equal(durations, 4);
    assert.equal(sum, 0.08);
  });

  it("tells gRPC apart", () => {
    const { counts } = recorded([200, 0], [200, 16], [200, undefined], [200, 0]);
    assert.deepEqual(counts, ["200/0 2", "200/16 1", "200/ 1"]);
  });

  it("counts no status as 0", () => assert.deepEqual(recorded([0, undefined]).counts, ["0/ 1"]));

  it("makes no series of made-up numbers", () => {
    const { counts } = recorded([99, 17], [600, 99], [1_000, 1_000], [999, -2], [-1, 17], [200, 500]);
    assert.deepEqual(counts, ["other/other 5", "200/other 1"]);
  });

  it("makes no series before the first request", () => {
    const { counts, durations } = recorded();
    assert.deepEqual([counts, durations], [[], undefined]);
  });
});
