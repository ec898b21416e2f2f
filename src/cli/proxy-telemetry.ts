import { type EndpointState, endpointState } from "../balancing/endpoint-set.ts";
import type * as port from "../proxy/ports.ts";
import type { Proxy } from "../proxy/proxy.ts";
import { accessLogLine, encodeAccessLogTarget } from "../telemetry/access-log.ts";
import type { ProxyMetrics } from "../telemetry/proxy-metrics.ts";
import { RequestSeries } from "../telemetry/request-series.ts";

/** What the data path counts, as metrics. */
export function createProxyTelemetry(metrics: ProxyMetrics): port.ProxyTelemetry {
  return {
    requests: (service, route, backend) =>
      new RequestSeries(metrics, {
        ...serviceLabels(service),
        ...routeLabels(route),
        ...backendLabels(backend),
      }),
    failures: (service, kind) => metrics.requestFailures.with({ ...serviceLabels(service), kind }),
    resends: (service, reason) => metrics.resends.with({ ...serviceLabels(service), reason }),
    mirrored: (service, backend, result) =>
      metrics.mirroredRequests.with({ ...serviceLabels(service), ...backendLabels(backend), result }),
    connections: (service, protocol) => metrics.connections.with({ ...serviceLabels(service), protocol }),
    connectionsOpen: (service, protocol) =>
      metrics.connectionsOpen.with({ ...serviceLabels(service), protocol }),
    passthrough: (reason) => metrics.passthroughConnections.with({ reason }),
    upstreamConnectionsOpen: (backend) => metrics.upstreamConnectionsOpen.with(backendLabels(backend)),
    upstreamConnectFailures: (backend) => metrics.upstreamConnectFailures.with(backendLabels(backend)),
    bytes: (service, direction) => metrics.bytes.with({ ...serviceLabels(service), direction }),
  };
}

/**
 * The access log: a line a request.
 * @param wallTimeMs milliseconds since 1970
 */
export function createAccessLog(write: (line: string) => void, wallTimeMs: () => number): port.AccessLog {
  return (entry) => {
    const { service, route, backend } = entry;
    const target = encodeAccessLogTarget({
      service: `${service.namespace}/${service.name}:${service.port}`,
      ...(route === undefined || route.route === ""
        ? {}
        : { route: `${route.routeNamespace}/${route.route}`, rule: route.rule }),
      ...(backend === undefined ? {} : { backend: `${backend.namespace}/${backend.name}:${backend.port}` }),
    });
    write(
      accessLogLine({
        target,
        timeMs: wallTimeMs() - entry.durationMs,
        endpoint: entry.endpoint === "" ? undefined : entry.endpoint,
        protocol: "http1",
        method: entry.method === "" ? undefined : entry.method,
        path: entry.path === "" ? undefined : entry.path,
        host: entry.host === "" ? undefined : entry.host,
        status: entry.status === 0 ? undefined : entry.status,
        grpcStatus: undefined,
        failure: entry.failure,
        tries: entry.tries,
        bytesReceived: entry.bytesReceived,
        bytesSent: entry.bytesSent,
        durationMs: entry.durationMs,
        upstreamMs: entry.upstreamMs,
        traceId: entry.traceId,
      }),
    );
  };
}

/** Shows the endpoints of every backend in force by their state. */
export function collectEndpoints(metrics: ProxyMetrics, proxy: Proxy, now: () => number): void {
  metrics.endpoints.collectFrom(() =>
    [...proxy.configuration.backends()].flatMap(({ endpoints, labels }) => {
      const counts = new Map<EndpointState, number>();
      const time = now();
      for (const endpoint of endpoints.endpoints()) {
        const state = endpointState(endpoint, time);
        counts.set(state, (counts.get(state) ?? 0) + 1);
      }
      return [...counts].map(([state, count]) => [{ ...backendLabels(labels), state }, count] as const);
    }),
  );
}

function backendLabels({ namespace, name, port }: port.BackendLabels) {
  return { backend_namespace: namespace, backend: name, backend_port: String(port) };
}

function serviceLabels({ namespace, name, port }: port.ServiceLabels) {
  return { service_namespace: namespace, service: name, port: String(port) };
}

function routeLabels({ routeKind, routeNamespace, route, rule }: port.RouteLabels) {
  return { route_kind: routeKind, route_namespace: routeNamespace, route, rule };
}
