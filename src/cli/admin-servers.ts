import type { AdminRoutes } from "../admin/admin-routes.ts";
import { startAdmin } from "../admin/admin-server.ts";
import type { MetricsPorts } from "../admin/endpoints.ts";
import { systemClock } from "../platform/clock.ts";
import { CONTENT_TYPES, exposeInTurns } from "../telemetry/exposition.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { MetricRegistry } from "../telemetry/metric-registry.ts";
import { negotiateFormat } from "../telemetry/negotiate-format.ts";
import { bindProblem } from "./bind-problem.ts";
import type { SocketAddress } from "./socket-address.ts";

export interface ServedRoutes {
  /** The flag that names the address. */
  readonly flag: string;
  readonly address: SocketAddress;
  readonly routes: AdminRoutes;
}

/**
 * Serves endpoints at each of the addresses.
 * @throws an Error whose message says which flag's address can't be bound, and why
 */
export async function startAdminServers(
  served: readonly ServedRoutes[],
  logger: Logger,
): Promise<AsyncDisposable> {
  await using servers = new AsyncDisposableStack();
  const onError = (error: unknown): void =>
    logger.limited("error", "an admin endpoint failed", "", { error: String(error) });
  for (const { flag, address, routes } of served) {
    try {
      servers.use(await startAdmin({ ...address, routes, onError }));
    } catch (error) {
      throw new Error(bindProblem(flag, address, error), { cause: error });
    }
  }
  return servers.move();
}

/** The metrics of a registry in the format that a client asks for. */
export function metricsOf(registry: MetricRegistry): MetricsPorts["metrics"] {
  return (accept) => {
    const format = negotiateFormat(accept);
    return { contentType: CONTENT_TYPES[format], chunks: exposeInTurns(registry, format) };
  };
}

/** How often series that nobody writes any more are looked for. */
const SERIES_SWEEP_MS = 60_000;

/** Drops the series of a registry that nobody writes any more. @returns what ends that */
export function keepExpiringSeries(registry: MetricRegistry): () => void {
  const sweep = setInterval(() => registry.expireIdle(systemClock.now()), SERIES_SWEEP_MS);
  return () => clearInterval(sweep);
}
