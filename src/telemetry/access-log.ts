import { rfc3339 } from "./rfc3339.ts";

/** What is the same for all requests of one rule and backend; what does not apply is absent. */
export interface AccessLogTargetNames {
  /** `namespace/name:port` of the Service that was dialled. */
  readonly service: string;
  /** `namespace/name`. */
  readonly route?: string;
  /** Name, else index. */
  readonly rule?: string;
  /** `namespace/name:port`. */
  readonly backend?: string;
}

/** The names as they stand in a line, written once. */
export type AccessLogTarget = string & { readonly accessLogTarget: never };

export function encodeAccessLogTarget(names: AccessLogTargetNames): AccessLogTarget {
  const { service, route, rule, backend } = names;
  return (text("service", service) +
    text("route", route) +
    text("rule", rule) +
    text("backend", backend)) as AccessLogTarget;
}

/** A request that ended. Undefined is what does not apply or is not known: it is left out of the line. */
export interface AccessLogEntry {
  /** When its first byte came, in ms since 1970. */
  readonly timeMs: number;
  readonly target: AccessLogTarget;
  /** `IP:port` of the endpoint that answered, else of the last one tried. */
  readonly endpoint: string | undefined;
  /** Spoken with the client. */
  readonly protocol: string;
  readonly method: string | undefined;
  /** As the client sent it, with the query. */
  readonly path: string | undefined;
  readonly host: string | undefined;
  /** What the client got; undefined if it got no response head. */
  readonly status: number | undefined;
  readonly grpcStatus: number | undefined;
  /** The kind of the table of failures. */
  readonly failure: string | undefined;
  /** Endpoints that the request was given to. */
  readonly tries: number;
  /** Of the bodies: from the client and to it. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** First request byte to last response byte. */
  readonly durationMs: number;
  /** Request given to the endpoint to response head, of the last try. */
  readonly upstreamMs: number | undefined;
  readonly traceId: string | undefined;
}

/** Longer paths and hosts are cut: container runtimes split lines of more than 16 KB. */
const MAX_TEXT = 4_096;

/** One line of the access log, with its line break: JSON, the fields of docs/metrics.md in its order. */
export function accessLogLine(entry: AccessLogEntry): string {
  return (
    `{"time":"${rfc3339(entry.timeMs)}"${entry.target}` +
    text("endpoint", entry.endpoint) +
    text("protocol", entry.protocol) +
    text("method", entry.method) +
    text("path", entry.path) +
    text("host", entry.host) +
    number("status", entry.status) +
    number("grpc_status", entry.grpcStatus) +
    text("failure", entry.failure) +
    `,"tries":${entry.tries},"bytes_received":${entry.bytesReceived},"bytes_sent":${entry.bytesSent}` +
    number("duration_ms", micros(entry.durationMs)) +
    number("upstream_ms", entry.upstreamMs === undefined ? undefined : micros(entry.upstreamMs)) +
    `${text("trace_id", entry.traceId)}}\n`
  );
}

function text(name: string, value: string | undefined): string {
  if (value === undefined) return "";
  return `,"${name}":${JSON.stringify(value.length > MAX_TEXT ? value.slice(0, MAX_TEXT) : value)}`;
}

function number(name: string, value: number | undefined): string {
  return value === undefined ? "" : `,"${name}":${value}`;
}

function micros(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000;
}
