import type { DiscoveryClient } from "../discovery/client/discovery-client.ts";
import { systemClock } from "../platform/clock.ts";
import type { ConfigurationInForce } from "../proxy/configuration-in-force.ts";
import { hostAndPort } from "./host-and-port.ts";
import type { ControlledSettings } from "./proxy-settings.ts";

/** What `/config` shows of a proxy that a controller tells: plain data. */
export function describeControlled(
  { controller, files }: Pick<ControlledSettings, "controller" | "files">,
  client: Pick<DiscoveryClient, "describe">,
  configuration: ConfigurationInForce,
): unknown {
  const { connection, frontends, backends, unknown, rejected } = client.describe();
  const { isConnected, sinceMs, address, lastError } = connection;
  const { now, wallTime } = systemClock;
  return {
    client: configuration.locality,
    sources: [
      {
        kind: "controller",
        controller: hostAndPort.show(controller),
        isConnected,
        since: new Date(wallTime() - (now() - sinceMs)).toISOString(),
        ...(address !== undefined && { replica: address }),
        ...(lastError !== undefined && { lastError }),
        snapshot: files.snapshot,
        errors: rejected,
      },
    ],
    listenErrors: [],
    problems: [],
    subscriptions: {
      /** Sent by the controller, and waiting for a Backend that they name. */
      waiting: Object.keys(frontends).filter((name) => frontends[name]?.next !== undefined),
      /** Dialled, and no Service that the controller knows. */
      unknown,
    },
    frontends: configuration.frontends().map(({ frontend, version }) => ({ version, ...frontend })),
    backends: [...configuration.backends()].map(({ backend }) => ({
      version: backends[backend.name] ?? "",
      ...backend,
    })),
  };
}
