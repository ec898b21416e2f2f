import { type AdminRoute, type AdminRoutes, jsonResponse, textResponse } from "./admin-routes.ts";
import { jsonChunks } from "./json-chunks.ts";

/** What `/metrics`, `/ready` and `/live` show. */
export interface MetricsPorts {
  /** The exposition in the format that an Accept header asks for. */
  readonly metrics: (accept: string | undefined) => MetricsExposition;
  readonly readiness: () => Readiness;
}

export interface MetricsExposition {
  readonly contentType: string;
  readonly chunks: Iterable<string> | AsyncIterable<string>;
}

export interface Readiness {
  readonly isReady: boolean;
  /** In words, `draining`. */
  readonly reason: string;
}

/** What the endpoints of the admin address show and do besides. */
export interface AdminPorts extends MetricsPorts {
  /** Plain data: sources with errors, Frontends and Backends in force with versions, each route's conditions. */
  readonly config: () => unknown;
  /** Explains what would become of the request that the query describes. */
  readonly explain: (query: URLSearchParams) => Promise<ExplainAnswer>;
  /** Begins to drain, and returns at once; a second time it does nothing. */
  readonly drain: () => void;
}

export interface ExplainAnswer {
  readonly status: 200 | 400 | 404;
  readonly body: unknown;
}

/** What the admin address of a controller shows besides. */
export interface ControllerPorts extends MetricsPorts {
  /** Plain data: reflectors, Frontends and Backends with versions, each route's conditions, who leads. */
  readonly config: () => unknown;
  /** Plain data: the sidecars that are connected, and whether they are in sync. */
  readonly sidecars: () => unknown;
}

/** The endpoints of a controller's admin address: those of its metrics address too. */
export function controllerEndpoints(ports: ControllerPorts): AdminRoutes {
  return new Map<string, AdminRoute>([
    [
      "/config",
      {
        method: "GET",
        summary: "What is watched, what is in force and what is wrong with it, as JSON",
        handle: () => jsonResponse(200, jsonChunks(ports.config())),
      },
    ],
    [
      "/sidecars",
      {
        method: "GET",
        summary: "The sidecars that are connected here, and whether they are in sync, as JSON",
        handle: () => jsonResponse(200, jsonChunks(ports.sidecars())),
      },
    ],
    ...metricsEndpoints(ports),
  ]);
}

/** The endpoints of the metrics address. */
export function metricsEndpoints(ports: MetricsPorts): AdminRoutes {
  return new Map<string, AdminRoute>([
    [
      "/metrics",
      {
        method: "GET",
        summary: "Metrics, as Prometheus text or OpenMetrics",
        handle: ({ accept }) => {
          const { contentType, chunks } = ports.metrics(accept);
          return { status: 200, contentType, body: chunks };
        },
      },
    ],
    [
      "/ready",
      {
        method: "GET",
        summary: "200 once connections are taken, 503 before and while draining",
        handle: () => {
          const { isReady, reason } = ports.readiness();
          return textResponse(isReady ? 200 : 503, reason);
        },
      },
    ],
    ["/live", { method: "GET", summary: "200 always", handle: () => textResponse(200, "alive") }],
  ]);
}

/** The endpoints of the admin address: those of the metrics address too. */
export function adminEndpoints(ports: AdminPorts): AdminRoutes {
  return new Map<string, AdminRoute>([
    [
      "/config",
      {
        method: "GET",
        summary: "What is in force and what is wrong with it, as JSON",
        handle: () => jsonResponse(200, jsonChunks(ports.config())),
      },
    ],
    [
      "/explain",
      {
        method: "GET",
        summary: "Why a request goes where it goes, as JSON: ?method=&url=&from=&header=",
        handle: async ({ query }) => {
          const { status, body } = await ports.explain(query);
          return jsonResponse(status, jsonChunks(body));
        },
      },
    ],
    [
      "/drain",
      {
        method: "POST",
        summary: "Finish what is under way, then end",
        handle: () => {
          ports.drain();
          return textResponse(202, "draining");
        },
      },
    ],
    ...metricsEndpoints(ports),
  ]);
}
