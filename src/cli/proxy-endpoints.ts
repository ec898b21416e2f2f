import type { AdminRoutes } from "../admin/admin-routes.ts";
import { startAdmin } from "../admin/admin-server.ts";
import { type AdminPorts, adminEndpoints, type MetricsPorts, metricsEndpoints } from "../admin/endpoints.ts";
import { CONTENT_TYPES, exposeInTurns } from "../telemetry/exposition.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { MetricRegistry } from "../telemetry/metric-registry.ts";
import { negotiateFormat } from "../telemetry/negotiate-format.ts";
import { bindProblem } from "./bind-problem.ts";
import type { ProxySettings } from "./proxy-settings.ts";
import type { SocketAddress } from "./socket-address.ts";

/**
 * Starts the admin endpoints, and those for metrics on an address of their own if one is set.
 * @throws an Error whose message says which flag's address can't be bound, and why
 */
export async function startProxyEndpoints(
  { admin, metrics }: Pick<ProxySettings, "admin" | "metrics">,
  ports: AdminPorts,
  logger: Logger,
): Promise<AsyncDisposable> {
  await using servers = new AsyncDisposableStack();
  const start = async (flag: string, address: SocketAddress, routes: AdminRoutes): Promise<void> => {
    const onError = (error: unknown): void =>
      logger.limited("error", "an admin endpoint failed", "", { error: String(error) });
    try {
      servers.use(await startAdmin({ ...address, routes, onError }));
    } catch (error) {
      throw new Error(bindProblem(flag, address, error), { cause: error });
    }
  };
  await start("--admin", admin, adminEndpoints(ports));
  if (metrics !== undefined) await start("--metrics", metrics, metricsEndpoints(ports));
  return servers.move();
}

/** The metrics of a registry in the format that a client asks for. */
export function metricsOf(registry: MetricRegistry): MetricsPorts["metrics"] {
  return (accept) => {
    const format = negotiateFormat(accept);
    return { contentType: CONTENT_TYPES[format], chunks: exposeInTurns(registry, format) };
  };
}
