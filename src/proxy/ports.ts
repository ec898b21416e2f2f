import type { Destination } from "./configuration.ts";
import type { FailureKind } from "./failure.ts";

/** What the data path asks of the world around it. Real ones are wired in src/cli, others by tests. */

/** Monotonic milliseconds with fractions. */
export type Now = () => number;

/** Uniform in [0, 1). */
export type Random = () => number;

export interface Counter {
  add(amount: number): void;
}

/** Counts the finished requests of one rule and backend. */
export interface RequestSeries {
  /** @param code what the client was answered; 0 if it was gone before */
  record(code: number, grpcStatus: number | undefined, seconds: number): void;
}

export interface ServiceLabels {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

export interface RouteLabels {
  readonly routeKind: string;
  readonly routeNamespace: string;
  readonly route: string;
  readonly rule: string;
}

/** All empty where a request reached no backend. */
export interface BackendLabels {
  readonly namespace: string;
  readonly name: string;
  readonly port: number | "";
}

export type ConnectionProtocol = "http1" | "http2" | "opaque" | "passthrough";

/** Why a connection was not routed. */
export type PassthroughReason = UnknownReason | "unreadable_destination" | "loop";

/** `not_learned`: the destination may well be a Service, and there was nobody to say so, or no time. */
export type UnknownReason = "unknown_destination" | "not_learned";

/** Has somebody put Frontends into force when they are first wanted. */
export interface DestinationLearner {
  /**
   * @param onSettled called once unless cancelled before, and never from within this call: all that there is to know
   *   of the destination is in force; the reason holds where no Frontend is
   */
  learn(destination: Destination, onSettled: (reason: UnknownReason) => void): Learning;
}

export type Learning =
  | { readonly kind: "begun"; readonly cancel: () => void }
  /** There is nothing to wait for. */
  | { readonly kind: "unknown"; readonly reason: UnknownReason };

/** `cluster_ip`: to the Service's own address, since the endpoints may be others than are known. */
export type ResendReason =
  | "connect_failure"
  | "cluster_ip"
  | "reused_connection_closed"
  | "retry_status"
  | "retry_timeout";

export type MirrorResult = "sent" | "failed" | "dropped";

/** Handles are asked for once and kept: asking may be slow, adding is not. */
export interface ProxyTelemetry {
  requests(service: ServiceLabels, route: RouteLabels, backend: BackendLabels): RequestSeries;
  failures(service: ServiceLabels, kind: FailureKind): Counter;
  resends(service: ServiceLabels, reason: ResendReason): Counter;
  mirrored(service: ServiceLabels, backend: BackendLabels, result: MirrorResult): Counter;
  connections(service: ServiceLabels, protocol: ConnectionProtocol): Counter;
  connectionsOpen(service: ServiceLabels, protocol: ConnectionProtocol): Counter;
  passthrough(reason: PassthroughReason): Counter;
  upstreamConnectionsOpen(backend: BackendLabels): Counter;
  upstreamConnectFailures(backend: BackendLabels): Counter;
  bytes(service: ServiceLabels, direction: "sent" | "received"): Counter;
}

/** One finished request. */
export interface AccessLogEntry {
  readonly service: ServiceLabels;
  readonly route: RouteLabels | undefined;
  /** The backend that was chosen, if one was. */
  readonly backend: BackendLabels | undefined;
  /** `IP:port` of the last one tried; empty if none was. */
  readonly endpoint: string;
  /** These three are empty where no head could be read. */
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly status: number;
  readonly failure: FailureKind | undefined;
  readonly tries: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly durationMs: number;
  readonly upstreamMs: number | undefined;
  /** Of the W3C trace context that the request came with. */
  readonly traceId: string | undefined;
}

/** Undefined where the log is off, so that nothing is gathered for it. */
export type AccessLog = ((entry: AccessLogEntry) => void) | undefined;

export interface ProxyLog {
  info(message: string, fields: Readonly<Record<string, string | number>>): void;
  warn(message: string, fields: Readonly<Record<string, string | number>>): void;
  error(message: string, fields: Readonly<Record<string, string | number>>): void;
}
