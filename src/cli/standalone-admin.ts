import { type AdminServer, startAdmin } from "../admin/admin-server.ts";
import { type AdminPorts, adminEndpoints, type MetricsPorts, metricsEndpoints } from "../admin/endpoints.ts";
import { CONTENT_TYPES, exposeInTurns } from "../telemetry/exposition.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { MetricRegistry } from "../telemetry/metric-registry.ts";
import { negotiateFormat } from "../telemetry/negotiate-format.ts";
import type { ProxySettings } from "./proxy-settings.ts";
import type { SocketAddress } from "./socket-address.ts";

/**
 * Starts the admin endpoints, and those for metrics on an address of their own if one is set.
 * @throws the error of an address that can't be bound
 */
export async function startAdminEndpoints(
  { admin, metrics }: ProxySettings,
  ports: AdminPorts,
  logger: Logger,
): Promise<AsyncDisposable> {
  const servers = new AsyncDisposableStack();
  const start = (address: SocketAddress, routes: ReturnType<typeof adminEndpoints>): Promise<AdminServer> =>
    startAdmin({
      ...address,
      routes,
      onError: (error) => logger.limited("error", "an admin endpoint failed", "", { error: String(error) }),
    });
  servers.use(await start(admin, adminEndpoints(ports)));
  if (metrics !== undefined) servers.use(await start(metrics, metricsEndpoints(ports)));
  return servers;
}

/** The metrics of a registry in the format that a client asks for. */
export function metricsOf(registry: MetricRegistry): MetricsPorts["metrics"] {
  return (accept) => {
    const format = negotiateFormat(accept);
    return { contentType: CONTENT_TYPES[format], chunks: exposeInTurns(registry, format) };
  };
}
