import { DEFAULT_HTTP1_LIMITS } from "../http1/limits.ts";

/** One bound on what a peer can make the proxy do or keep, or on how long it waits. */
export interface Limit {
  readonly unit: "bytes" | "count" | "percent" | "ms";
  readonly fallback: number;
  /** What may be configured, both ends included. */
  readonly min: number;
  readonly max: number;
  /** Its key in the configuration file. */
  readonly key: string;
  readonly help: string;
}

const KIB = 1_024;
const MIB = 1_024 * KIB;
const SECOND_MS = 1_000;
const HOUR_MS = 3_600 * SECOND_MS;

function bytes(key: string, fallback: number, [min, max]: readonly [number, number], help: string): Limit {
  return { unit: "bytes", fallback, min, max, key: `limits.${key}`, help };
}

function count(key: string, fallback: number, [min, max]: readonly [number, number], help: string): Limit {
  return { unit: "count", fallback, min, max, key: `limits.${key}`, help };
}

function percent(key: string, fallback: number, help: string): Limit {
  return { unit: "percent", fallback, min: 0, max: 100, key: `limits.${key}`, help };
}

function time(key: string, fallback: number, [min, max]: readonly [number, number], help: string): Limit {
  return { unit: "ms", fallback, min, max, key: `timeouts.${key}`, help };
}

/** Every limit and timeout of the proxy, those of the codec (Http1Limits) among them under the same names. */
export const PROXY_LIMITS = {
  headBytes: bytes(
    "headBytes",
    DEFAULT_HTTP1_LIMITS.headBytes,
    [KIB, MIB],
    "Largest head of a request or response",
  ),
  fieldCount: count(
    "fieldCount",
    DEFAULT_HTTP1_LIMITS.fieldCount,
    [10, 10_000],
    "Most field lines in a head",
  ),
  chunkExtensionBytes: bytes(
    "chunkExtensionBytes",
    DEFAULT_HTTP1_LIMITS.chunkExtensionBytes,
    [0, 64 * KIB],
    "Longest extension of a chunk",
  ),
  messageChunkExtensionBytes: bytes(
    "messageChunkExtensionBytes",
    DEFAULT_HTTP1_LIMITS.messageChunkExtensionBytes,
    [0, MIB],
    "Bytes of all chunk extensions of a message together",
  ),
  trailerBytes: bytes("trailerBytes", DEFAULT_HTTP1_LIMITS.trailerBytes, [0, MIB], "Largest trailer section"),
  maxConnections: count(
    "maxConnections",
    10_000,
    [1, 1_000_000],
    "Connections of clients at a time; fewer where the limit on open files asks for it",
  ),
  heldConnections: count(
    "heldConnections",
    1_000,
    [0, 1_000_000],
    "Connections that wait for the controller to say what their destination is, beyond which they are passed through",
  ),
  pendingPerEndpoint: count(
    "pendingPerEndpoint",
    1_024,
    [1, 1_000_000],
    "Requests and connections under way to an endpoint",
  ),
  highWaterBytes: bytes(
    "highWaterBytes",
    64 * KIB,
    [4 * KIB, 16 * MIB],
    "Bytes waiting to be written, in each direction, at which reading from the other side stops",
  ),
  retryBodyBytes: bytes(
    "retryBodyBytes",
    64 * KIB,
    [0, 16 * MIB],
    "Largest request body that is kept to be sent again",
  ),
  idlePerEndpoint: count(
    "idlePerEndpoint",
    256,
    [0, 1_000_000],
    "Connections to an endpoint that are kept between requests",
  ),
  skippedBodyBytes: bytes(
    "skippedBodyBytes",
    64 * KIB,
    [0, 16 * MIB],
    "Largest request body that is read and dropped after an early answer, to keep the client's connection",
  ),
  mirrors: count(
    "mirrors",
    256,
    [0, 1_000_000],
    "Mirrored requests under way, beyond which requests are not copied",
  ),
  mirrorBytes: bytes(
    "mirrorBytes",
    256 * KIB,
    [0, 64 * MIB],
    "Bytes of a mirrored request that wait to be sent, beyond which the copy is given up",
  ),
  resendEndpoints: count(
    "resendEndpoints",
    5,
    [1, 100],
    "Endpoints that get a request or connection at most, while none has processed it",
  ),
  retryBudgetPercent: percent("retryBudgetPercent", 20, "Retries in percent of the requests to a backend"),
  retryBudgetMinPerSecond: count(
    "retryBudgetMinPerSecond",
    10,
    [0, 100_000],
    "Retries that are allowed each second however few the requests are",
  ),
  shedMemoryPercent: percent(
    "shedMemoryPercent",
    85,
    "Share of the container's memory limit above which requests beyond half of those under way are refused",
  ),
  headTimeoutMs: time(
    "head",
    10 * SECOND_MS,
    [100, HOUR_MS],
    "From the first byte of a request's head to its end",
  ),
  bodyStallTimeoutMs: time(
    "bodyStall",
    300 * SECOND_MS,
    [100, 24 * HOUR_MS],
    "Longest pause of a client inside a request's body",
  ),
  detectTimeoutMs: time(
    "detect",
    SECOND_MS,
    [1, HOUR_MS],
    "Wait for a client's first byte on a routed port that declares no protocol",
  ),
  downstreamIdleTimeoutMs: time(
    "downstreamIdle",
    HOUR_MS,
    [SECOND_MS, 24 * HOUR_MS],
    "Life of a client's connection between requests",
  ),
  upstreamIdleTimeoutMs: time(
    "upstreamIdle",
    4 * SECOND_MS,
    [1, HOUR_MS],
    "Life of a pooled connection between requests, until more is known of the server",
  ),
  connectTimeoutMs: time(
    "connect",
    SECOND_MS,
    [10, 60 * SECOND_MS],
    "Wait for a connection to an endpoint, before another one is tried",
  ),
  mirrorTimeoutMs: time(
    "mirror",
    10 * SECOND_MS,
    [100, HOUR_MS],
    "Life of a mirrored request, after which its connection is cut",
  ),
  writeStallTimeoutMs: time(
    "writeStall",
    300 * SECOND_MS,
    [SECOND_MS, 24 * HOUR_MS],
    "Longest time in which a client or endpoint takes nothing of what waits for it",
  ),
  resendWindowMs: time(
    "resendWindow",
    3 * SECOND_MS,
    [0, 60 * SECOND_MS],
    "After its first try, how long a request or connection may still go to another endpoint",
  ),
  freshConnectionMs: time(
    "freshConnection",
    SECOND_MS,
    [0, HOUR_MS],
    "Pooled connections that rested longer take no request that could not be sent again",
  ),
  retryBudgetIntervalMs: time(
    "retryBudgetInterval",
    10 * SECOND_MS,
    [SECOND_MS, HOUR_MS],
    "Span of time that the retry budget looks back",
  ),
  destinationIdleMs: time(
    "destinationIdle",
    300 * SECOND_MS,
    [SECOND_MS, 24 * HOUR_MS],
    "A destination without connections for this long is forgotten, until it is used again (`--controller`)",
  ),
  clusterIpFirstMs: time(
    "clusterIpFirst",
    300 * SECOND_MS,
    [0, 24 * HOUR_MS],
    "Without the controller for this long, requests and connections go to a Service's own address first",
  ),
  shedDelayMs: time(
    "shedDelay",
    100,
    [10, 60 * SECOND_MS],
    "Delay of the event loop above which requests beyond half of those under way are refused",
  ),
  shedAfterMs: time(
    "shedAfter",
    SECOND_MS,
    [10, 60 * SECOND_MS],
    "How long that delay, or lack of memory, has to last",
  ),
  drainIdleMs: time(
    "drainIdle",
    SECOND_MS,
    [0, HOUR_MS],
    "Without traffic for this long, a draining proxy is done",
  ),
} as const satisfies Readonly<Record<string, Limit>>;

/** The limits in force, in bytes, counts, percent and milliseconds as the names say. */
export type ProxyLimits = { readonly [Name in keyof typeof PROXY_LIMITS]: number };

export const DEFAULT_PROXY_LIMITS: ProxyLimits = valuesOf((limit) => limit.fallback);

/** The limits with a value of the caller's choice for each. */
export function valuesOf(choose: (limit: Limit, name: keyof ProxyLimits) => number): ProxyLimits {
  const entries = Object.entries(PROXY_LIMITS).map(([name, limit]) => {
    return [name, choose(limit, name as keyof ProxyLimits)];
  });
  return Object.fromEntries(entries) as ProxyLimits;
}
