import type { ServerEvents } from "../../discovery/server/discovery-server.ts";
import type { HubEvents } from "../../discovery/server/hub-events.ts";
import { messageOf } from "../../resources/error-message.ts";
import type { ControllerMetrics } from "../../telemetry/controller-metrics.ts";
import type { Logger } from "../../telemetry/logger.ts";

/** What happens at the hub, as metrics and lines of the log. */
export function createHubEvents(
  metrics: ControllerMetrics,
  log: Logger,
  onRefused: HubEvents["onNack"],
): HubEvents {
  return {
    onPush({ type, resources, removed, sizeBytes, waitedMs }) {
      metrics.pushes.with({ type }).add(1);
      if (resources > 0) metrics.pushedResources.with({ type, change: "updated" }).add(resources);
      if (removed > 0) metrics.pushedResources.with({ type, change: "removed" }).add(removed);
      metrics.pushedBytes.with({ type }).add(sizeBytes);
      metrics.pushDuration.with({}).observe(waitedMs / 1_000);
    },
    onAck({ type, tookMs }) {
      metrics.answers.with({ type, answer: "ack" }).add(1);
      metrics.ackDuration.with({}).observe(tookMs / 1_000);
    },
    onNack(nack) {
      const { type, identity, names, reason } = nack;
      metrics.answers.with({ type, answer: "nack" }).add(1);
      const sidecar = `${identity.namespace}/${identity.pod}`;
      log.limited("warn", "a sidecar refuses its configuration", sidecar, {
        sidecar,
        type,
        names: names.join(", "),
        error: reason,
      });
      onRefused(nack);
    },
  };
}

/** What happens at the server, likewise. */
export function createServerEvents(metrics: ControllerMetrics, log: Logger): ServerEvents {
  const refuse = (reason: string): void => {
    metrics.refusedConnections.with({ reason }).add(1);
    log.limited("warn", "a sidecar's connection was refused", reason, { reason });
  };
  return {
    onRefusedConnection: refuse,
    onRefusedToken: (reason) => refuse(`token: ${reason}`),
    onAuthenticationFailure(error) {
      metrics.refusedConnections.with({ reason: "token not checked" }).add(1);
      log.limited("error", "a token can't be checked", "", { error: messageOf(error) });
    },
    onBadCertificate: (error) =>
      log.limited("error", "the serving certificate can't be used", "", { error: error.message }),
  };
}
