import type { ObjectMeta } from "./object-meta.ts";

/** A core/v1 Service, as far as the mesh reads it. */
export interface Service {
  readonly kind: "Service";
  readonly meta: ObjectMeta;
  readonly type: "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName";
  /** Valid IP addresses in canonical form, no duplicates; empty for headless and ExternalName Services. */
  readonly clusterIPs: readonly string[];
  /** `clusterIP: None`. */
  readonly isHeadless: boolean;
  readonly ports: readonly ServicePort[];
  readonly trafficDistribution?: TrafficDistribution;
  readonly internalTrafficPolicy: "Cluster" | "Local";
  readonly sessionAffinity: SessionAffinity;
  readonly publishNotReadyAddresses: boolean;
}

export interface ServicePort {
  /** Empty for the only port of a Service that does not name it. */
  readonly name: string;
  readonly port: number;
  readonly protocol: "TCP" | "UDP" | "SCTP";
  readonly appProtocol?: string;
}

/** PreferClose is the older name of PreferSameZone and parsed as such. */
export type TrafficDistribution = "PreferSameZone" | "PreferSameNode";

export type SessionAffinity =
  | { readonly kind: "None" }
  | { readonly kind: "ClientIP"; readonly timeoutSeconds: number };
