import type { CollectedFamily } from "./collected-family.ts";
import type { HistogramFamily } from "./histogram-family.ts";
import type { MetricRegistry } from "./metric-registry.ts";
import type { CounterFamily } from "./scalar-family.ts";

type Labels<N extends string> = Readonly<Record<N, string>>;
type NoLabels = Readonly<Record<string, never>>;

/** The families of a controller's replica, as docs/controller.md lists them. All labels are from closed lists. */
export interface ControllerMetrics {
  readonly objects: CollectedFamily<Labels<"kind">>;
  readonly unreadableObjects: CollectedFamily<NoLabels>;
  readonly watchLag: CollectedFamily<Labels<"kind">>;
  readonly watchEvents: CollectedFamily<Labels<"kind">>;
  readonly watchLists: CollectedFamily<Labels<"kind" | "reason">>;
  readonly watchEnds: CollectedFamily<Labels<"kind" | "reason">>;
  readonly watchErrors: CollectedFamily<Labels<"kind">>;
  readonly frontends: CollectedFamily<NoLabels>;
  readonly backends: CollectedFamily<NoLabels>;
  readonly bindDuration: HistogramFamily<NoLabels>;
  readonly sidecars: CollectedFamily<Labels<"state">>;
  readonly pushes: CounterFamily<Labels<"type">>;
  readonly pushedResources: CounterFamily<Labels<"type" | "change">>;
  readonly pushedBytes: CounterFamily<Labels<"type">>;
  readonly pushDuration: HistogramFamily<NoLabels>;
  readonly ackDuration: HistogramFamily<NoLabels>;
  readonly answers: CounterFamily<Labels<"type" | "answer">>;
  readonly tokens: CounterFamily<Labels<"outcome">>;
  readonly refusedConnections: CounterFamily<Labels<"reason">>;
  readonly statusWrites: CounterFamily<Labels<"kind" | "result">>;
  readonly statusDuration: HistogramFamily<Labels<"kind">>;
  readonly statusPending: CollectedFamily<NoLabels>;
  readonly events: CounterFamily<Labels<"result">>;
  readonly leader: CollectedFamily<NoLabels>;
  readonly certificateExpiry: CollectedFamily<Labels<"certificate">>;
}

/** Upper bounds in seconds, from what one change of an endpoint takes to a burst on a busy machine. */
const DURATION_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export function createControllerMetrics(registry: MetricRegistry): ControllerMetrics {
  return { ...watchMetrics(registry), ...pushMetrics(registry), ...writeMetrics(registry) };
}

function watchMetrics(registry: MetricRegistry) {
  return {
    objects: registry.collected<Labels<"kind">>("gauge", {
      name: "eastbound_controller_objects",
      help: "Objects of the API server that are held, by kind.",
      labelNames: ["kind"],
    }),
    unreadableObjects: registry.collected<NoLabels>("gauge", {
      name: "eastbound_controller_unreadable_objects",
      help: "Objects that can't be read and count as not there; /config lists them.",
      labelNames: [],
    }),
    watchLag: registry.collected<Labels<"kind">>("gauge", {
      name: "eastbound_controller_watch_lag_seconds",
      help: "Time since the API server last said anything of a kind; it does so once a minute at least.",
      labelNames: ["kind"],
    }),
    watchEvents: registry.collected<Labels<"kind">>("counter", {
      name: "eastbound_controller_watch_events_total",
      help: "Objects that were added, changed or deleted.",
      labelNames: ["kind"],
    }),
    watchLists: registry.collected<Labels<"kind" | "reason">>("counter", {
      name: "eastbound_controller_watch_lists_total",
      help: "Times that all objects of a kind were listed, by the reason.",
      labelNames: ["kind", "reason"],
    }),
    watchEnds: registry.collected<Labels<"kind" | "reason">>("counter", {
      name: "eastbound_controller_watch_ends_total",
      help: "Watches that ended, by how.",
      labelNames: ["kind", "reason"],
    }),
    watchErrors: registry.collected<Labels<"kind">>("counter", {
      name: "eastbound_controller_watch_errors_total",
      help: "Requests to the API server that failed, and watches that ended by an error.",
      labelNames: ["kind"],
    }),
    frontends: registry.collected<NoLabels>("gauge", {
      name: "eastbound_controller_frontends",
      help: "Addresses and ports of Services that sidecars can be told of.",
      labelNames: [],
    }),
    backends: registry.collected<NoLabels>("gauge", {
      name: "eastbound_controller_backends",
      help: "Ports of Services that can be chosen.",
      labelNames: [],
    }),
    bindDuration: registry.histogram<NoLabels>({
      name: "eastbound_controller_bind_duration_seconds",
      help: "Time from a change being seen to its being bound, while it waits for others included.",
      labelNames: [],
      bounds: DURATION_BOUNDS,
    }),
  };
}

function pushMetrics(registry: MetricRegistry) {
  return {
    sidecars: registry.collected<Labels<"state">>("gauge", {
      name: "eastbound_controller_sidecars",
      help: "Sidecars that are connected, by the state of what they have.",
      labelNames: ["state"],
    }),
    pushes: registry.counter<Labels<"type">>({
      name: "eastbound_controller_pushes_total",
      help: "Responses that were handed to the streams of sidecars, by the type of their resources.",
      labelNames: ["type"],
    }),
    pushedResources: registry.counter<Labels<"type" | "change">>({
      name: "eastbound_controller_pushed_resources_total",
      help: "Resources in them.",
      labelNames: ["type", "change"],
    }),
    pushedBytes: registry.counter<Labels<"type">>({
      name: "eastbound_controller_pushed_bytes_total",
      help: "Bytes of them, before TLS.",
      labelNames: ["type"],
    }),
    pushDuration: registry.histogram<NoLabels>({
      name: "eastbound_controller_push_duration_seconds",
      help: "Time from a change, or a sidecar's request, being seen to its being handed to the sidecar's stream.",
      labelNames: [],
      bounds: DURATION_BOUNDS,
    }),
    ackDuration: registry.histogram<NoLabels>({
      name: "eastbound_controller_ack_duration_seconds",
      help: "The same to the sidecar's word that it has taken it.",
      labelNames: [],
      bounds: DURATION_BOUNDS,
    }),
    answers: registry.counter<Labels<"type" | "answer">>({
      name: "eastbound_controller_answers_total",
      help: "What sidecars said to responses.",
      labelNames: ["type", "answer"],
    }),
    tokens: registry.counter<Labels<"outcome">>({
      name: "eastbound_controller_tokens_total",
      help: "Tokens that sidecars showed, by where the answer came from.",
      labelNames: ["outcome"],
    }),
    refusedConnections: registry.counter<Labels<"reason">>({
      name: "eastbound_controller_refused_connections_total",
      help: "Connections and streams that were refused, by the reason.",
      labelNames: ["reason"],
    }),
  };
}

function writeMetrics(registry: MetricRegistry) {
  return {
    statusWrites: registry.counter<Labels<"kind" | "result">>({
      name: "eastbound_controller_status_writes_total",
      help: "Writes of a route's status, by the kind of route and the result.",
      labelNames: ["kind", "result"],
    }),
    statusDuration: registry.histogram<Labels<"kind">>({
      name: "eastbound_controller_status_duration_seconds",
      help: "Time from a status being wanted to its being written.",
      labelNames: ["kind"],
      bounds: DURATION_BOUNDS,
    }),
    statusPending: registry.collected<NoLabels>("gauge", {
      name: "eastbound_controller_status_pending",
      help: "Routes whose status waits to be looked at or written.",
      labelNames: [],
    }),
    events: registry.counter<Labels<"result">>({
      name: "eastbound_controller_events_total",
      help: "Kubernetes Events, by the result.",
      labelNames: ["result"],
    }),
    leader: registry.collected<NoLabels>("gauge", {
      name: "eastbound_controller_leader",
      help: "1 while this replica leads, else 0.",
      labelNames: [],
    }),
    certificateExpiry: registry.collected<Labels<"certificate">>("gauge", {
      name: "eastbound_controller_certificate_expiry_timestamp_seconds",
      help: "When a certificate expires, in seconds since 1970.",
      labelNames: ["certificate"],
    }),
  };
}
