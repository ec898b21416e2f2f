import type { CollectedFamily } from "./collected-family.ts";
import type { HistogramFamily } from "./histogram-family.ts";
import type { MetricRegistry } from "./metric-registry.ts";
import type { CounterFamily, GaugeFamily } from "./scalar-family.ts";

/** The Service that was dialled. */
export type ServiceLabels = Readonly<Record<"service_namespace" | "service" | "port", string>>;

/** The rule that decided: `rule` is its name, else its index. All empty where no route is bound, or no rule matched. */
export type RouteLabels = Readonly<Record<"route_kind" | "route_namespace" | "route" | "rule", string>>;

/** The Service port that was chosen. All empty where none was. */
export type BackendLabels = Readonly<Record<"backend_namespace" | "backend" | "backend_port", string>>;

export type RequestLabels = ServiceLabels & RouteLabels & BackendLabels;

type NoLabels = Readonly<Record<string, never>>;

export type ConnectionProtocol = "http1" | "http2" | "opaque" | "passthrough";
/** As the client sees it. */
export type Direction = "sent" | "received";

type With<L, N extends string, V extends string = string> = L & Readonly<Record<N, V>>;

/**
 * The families of the sidecar, as docs/metrics.md lists them; names and labels are kept from version to version.
 * `kind`, `reason`, `result` and `state` are given by whoever counts, from closed lists; no label holds what a client
 * can choose.
 */
export interface ProxyMetrics {
  readonly requests: CounterFamily<With<RequestLabels, "code" | "grpc_status">>;
  readonly requestDuration: HistogramFamily<RequestLabels>;
  readonly requestFailures: CounterFamily<With<ServiceLabels, "kind">>;
  readonly resends: CounterFamily<With<ServiceLabels, "reason">>;
  readonly mirroredRequests: CounterFamily<With<ServiceLabels & BackendLabels, "result">>;
  readonly connections: CounterFamily<With<ServiceLabels, "protocol", ConnectionProtocol>>;
  readonly connectionsOpen: GaugeFamily<With<ServiceLabels, "protocol", ConnectionProtocol>>;
  readonly passthroughConnections: CounterFamily<Readonly<Record<"reason", string>>>;
  readonly upstreamConnectionsOpen: GaugeFamily<BackendLabels>;
  readonly upstreamConnectFailures: CounterFamily<BackendLabels>;
  readonly bytes: CounterFamily<With<ServiceLabels, "direction", Direction>>;
  readonly endpoints: CollectedFamily<With<BackendLabels, "state">>;
  readonly sourceReloads: CounterFamily<Readonly<Record<"result", string>>>;
  readonly sourceErrors: GaugeFamily<NoLabels>;
  readonly accessLogDropped: CollectedFamily<NoLabels>;
}

/** Upper bounds in seconds: fine around a millisecond, where calls between pods are; coarse up to a minute. */
const DURATION_BOUNDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

const service = ["service_namespace", "service", "port"] as const;
const route = ["route_kind", "route_namespace", "route", "rule"] as const;
const backend = ["backend_namespace", "backend", "backend_port"] as const;

export function createProxyMetrics(registry: MetricRegistry): ProxyMetrics {
  return { ...requestMetrics(registry), ...connectionMetrics(registry), ...sourceMetrics(registry) };
}

function requestMetrics(registry: MetricRegistry) {
  return {
    requests: registry.counter<With<RequestLabels, "code" | "grpc_status">>({
      name: "eastbound_requests_total",
      help: "Requests that ended, by the status that the client got (0: none).",
      labelNames: [...service, ...route, ...backend, "code", "grpc_status"],
    }),
    requestDuration: registry.histogram<RequestLabels>({
      name: "eastbound_request_duration_seconds",
      help: "Time from the first byte of a request to the last byte of its response.",
      labelNames: [...service, ...route, ...backend],
      bounds: DURATION_BOUNDS,
    }),
    requestFailures: registry.counter<With<ServiceLabels, "kind">>({
      name: "eastbound_request_failures_total",
      help: "Requests that the proxy answered itself or broke off, by the kind of failure.",
      labelNames: [...service, "kind"],
    }),
    resends: registry.counter<With<ServiceLabels, "reason">>({
      name: "eastbound_resends_total",
      help: "Requests and connections that were given to another endpoint or sent again, by the reason.",
      labelNames: [...service, "reason"],
    }),
    mirroredRequests: registry.counter<With<ServiceLabels & BackendLabels, "result">>({
      name: "eastbound_mirrored_requests_total",
      help: "Copies of requests that were sent to a mirror backend, by the result.",
      labelNames: [...service, ...backend, "result"],
    }),
  };
}

function connectionMetrics(registry: MetricRegistry) {
  return {
    connections: registry.counter<With<ServiceLabels, "protocol", ConnectionProtocol>>({
      name: "eastbound_connections_total",
      help: "Connections that were accepted, by how they were read.",
      labelNames: [...service, "protocol"],
    }),
    connectionsOpen: registry.gauge<With<ServiceLabels, "protocol", ConnectionProtocol>>({
      name: "eastbound_connections_open",
      help: "Accepted connections that are open, by how they are read.",
      labelNames: [...service, "protocol"],
    }),
    passthroughConnections: registry.counter<Readonly<Record<"reason", string>>>({
      name: "eastbound_passthrough_connections_total",
      help: "Connections that went to their original destination unchanged, by the reason.",
      labelNames: ["reason"],
    }),
    upstreamConnectionsOpen: registry.gauge<BackendLabels>({
      name: "eastbound_upstream_connections_open",
      help: "Connections to endpoints that are open, used or idle.",
      labelNames: [...backend],
    }),
    upstreamConnectFailures: registry.counter<BackendLabels>({
      name: "eastbound_upstream_connect_failures_total",
      help: "Connections to endpoints that could not be established.",
      labelNames: [...backend],
    }),
    bytes: registry.counter<With<ServiceLabels, "direction", Direction>>({
      name: "eastbound_bytes_total",
      help: "Bytes that clients sent and received.",
      labelNames: [...service, "direction"],
    }),
  };
}

function sourceMetrics(registry: MetricRegistry) {
  return {
    endpoints: registry.collected<With<BackendLabels, "state">>("gauge", {
      name: "eastbound_endpoints",
      help: "Endpoints of the backends in use, by state: available, ejected, standby, unready.",
      labelNames: [...backend, "state"],
    }),
    sourceReloads: registry.counter<Readonly<Record<"result", string>>>({
      name: "eastbound_source_reloads_total",
      help: "Times that the configuration was read again, by the result.",
      labelNames: ["result"],
    }),
    sourceErrors: registry.gauge<NoLabels>({
      name: "eastbound_source_errors",
      help: "Files and objects of the configuration that are wrong now.",
      labelNames: [],
    }),
    accessLogDropped: registry.collected<NoLabels>("counter", {
      name: "eastbound_access_log_dropped_total",
      help: "Lines of the access log that were dropped because nobody read them fast enough.",
      labelNames: [],
    }),
  };
}
