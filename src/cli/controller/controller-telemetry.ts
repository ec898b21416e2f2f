import type { ControlPlane } from "../../controller/control-plane.ts";
import type { ServingCertificate } from "../../controller/trust/serving-certificate.ts";
import type { DiscoveryHub } from "../../discovery/server/discovery-hub.ts";
import type { Reflector } from "../../kubernetes/reflector.ts";
import type { ControllerMetrics } from "../../telemetry/controller-metrics.ts";

/** Lets the metrics ask what is watched. @param now monotonic ms, of the reflectors' clock */
export function collectReflectors(
  metrics: ControllerMetrics,
  reflectors: ReadonlyMap<string, Pick<Reflector, "statistics">>,
  now: () => number,
): void {
  const statistics = [...reflectors].map(([kind, reflector]) => ({ kind, of: reflector.statistics }));
  metrics.objects.collectFrom(() => statistics.map(({ kind, of }) => [{ kind }, of.objects]));
  metrics.watchEvents.collectFrom(() => statistics.map(({ kind, of }) => [{ kind }, of.events]));
  metrics.watchErrors.collectFrom(() => statistics.map(({ kind, of }) => [{ kind }, of.errors]));
  metrics.watchLag.collectFrom(() =>
    statistics.flatMap(({ kind, of }) =>
      of.state === "absent" || of.lastHeardMs === undefined
        ? []
        : [[{ kind }, (now() - of.lastHeardMs) / 1_000] as const],
    ),
  );
  metrics.watchLists.collectFrom(() =>
    statistics.flatMap(({ kind, of }) =>
      Object.entries(of.lists).map(([reason, count]) => [{ kind, reason }, count] as const),
    ),
  );
  metrics.watchEnds.collectFrom(() =>
    statistics.flatMap(({ kind, of }) =>
      Object.entries(of.watchEnds).map(([reason, count]) => [{ kind, reason }, count] as const),
    ),
  );
}

/** Lets the metrics ask what is in force, and who has it. */
export function collectBinding(
  metrics: ControllerMetrics,
  { binding }: Pick<ControlPlane, "binding">,
  hub: Pick<DiscoveryHub, "openSessions">,
): void {
  metrics.frontends.collectFrom(() => [[{}, binding.frontends.size]]);
  metrics.backends.collectFrom(() => [[{}, binding.backends.size]]);
  metrics.sidecars.collectFrom(() => {
    const counts = { "in-sync": 0, behind: 0, refused: 0 };
    for (const { state } of hub.openSessions) counts[state]++;
    return Object.entries(counts).map(([state, count]) => [{ state }, count] as const);
  });
}

/** Lets the metrics ask when certificates expire. */
export function collectCertificates(
  metrics: ControllerMetrics,
  certificates: Pick<ServingCertificate, "expiresMs" | "authorityExpiresMs">,
): void {
  metrics.certificateExpiry.collectFrom(() => {
    const { expiresMs, authorityExpiresMs } = certificates;
    const times = { serving: expiresMs, authority: authorityExpiresMs };
    return Object.entries(times).flatMap(([certificate, ms]) =>
      ms === undefined ? [] : [[{ certificate }, ms / 1_000] as const],
    );
  });
}
