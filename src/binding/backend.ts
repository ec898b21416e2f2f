import type { SessionAffinity, TrafficDistribution } from "../resources/service.ts";

/**
 * One port of one Service as a destination: everything that balancing needs, resolved and serialisable.
 * Named `namespace/service:port`.
 */
export interface Backend {
  readonly name: string;
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
  /** Where a connection goes when every endpoint fails and the configuration may be stale; empty for headless ones. */
  readonly clusterIPs: readonly string[];
  readonly protocol: BackendProtocol;
  /** Sorted by address and port, one entry per address and port. */
  readonly endpoints: readonly Endpoint[];
  readonly trafficDistribution?: TrafficDistribution;
  readonly internalTrafficPolicy: "Cluster" | "Local";
  readonly sessionAffinity: SessionAffinity;
}

/**
 * What the port says of itself (appProtocol, else the port's name).
 * `http` and `websocket` take HTTP/1.1; `http2` takes HTTP/2 with prior knowledge; `undeclared` takes what the client
 * speaks; the others are not HTTP that a sidecar could speak.
 */
export type BackendProtocol = "http" | "websocket" | "http2" | "tls" | "other" | "undeclared";

export interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
  /** Ready, or the Service publishes addresses that are not. */
  readonly isReady: boolean;
  readonly isServing: boolean;
  readonly isTerminating: boolean;
  readonly zone?: string;
  readonly node?: string;
  readonly hintZones: readonly string[];
  readonly hintNodes: readonly string[];
}

export function backendName(namespace: string, service: string, port: number): string {
  return `${namespace}/${service}:${port}`;
}
