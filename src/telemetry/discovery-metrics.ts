import type { CollectedFamily } from "./collected-family.ts";
import type { HistogramFamily } from "./histogram-family.ts";
import type { MetricRegistry } from "./metric-registry.ts";

type NoLabels = Readonly<Record<string, never>>;
type By<N extends string> = Readonly<Record<N, string>>;

/** What a sidecar tells of its way to the controller; only those that have one. `result` is from closed lists. */
export interface DiscoveryMetrics {
  readonly connected: CollectedFamily<NoLabels>;
  readonly connections: CollectedFamily<By<"result">>;
  readonly resources: CollectedFamily<By<"result">>;
  readonly known: CollectedFamily<By<"kind">>;
  readonly learning: HistogramFamily<By<"result">>;
  readonly snapshotWrites: CollectedFamily<By<"result">>;
  readonly snapshotAge: CollectedFamily<NoLabels>;
}

/** Upper bounds in seconds; nothing waits longer than a second. */
const LEARNING_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

export function createDiscoveryMetrics(registry: MetricRegistry): DiscoveryMetrics {
  return {
    connected: registry.collected<NoLabels>("gauge", {
      name: "eastbound_discovery_connected",
      help: "1 while the controller is connected to, else 0.",
      labelNames: [],
    }),
    connections: registry.collected<By<"result">>("counter", {
      name: "eastbound_discovery_connections_total",
      help: "Connections to the controller, by what became of them.",
      labelNames: ["result"],
    }),
    resources: registry.collected<By<"result">>("counter", {
      name: "eastbound_discovery_resources_total",
      help: "Resources that the controller sent, by whether they could be used.",
      labelNames: ["result"],
    }),
    known: registry.collected<By<"kind">>("gauge", {
      name: "eastbound_discovery_known",
      help: "What was learned from the controller and is in force, by kind.",
      labelNames: ["kind"],
    }),
    learning: registry.histogram<By<"result">>({
      name: "eastbound_discovery_learning_seconds",
      help: "Time that connections waited for the controller to say what their destination is, by the result.",
      labelNames: ["result"],
      bounds: LEARNING_BOUNDS,
    }),
    snapshotWrites: registry.collected<By<"result">>("counter", {
      name: "eastbound_discovery_snapshot_writes_total",
      help: "Times that what is known was written down for the next start, by the result.",
      labelNames: ["result"],
    }),
    snapshotAge: registry.collected<NoLabels>("gauge", {
      name: "eastbound_discovery_snapshot_age_seconds",
      help: "Time since what is known was last written down; none before.",
      labelNames: [],
    }),
  };
}
