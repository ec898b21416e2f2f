import type { ObjectMeta } from "./object-meta.ts";

/** A discovery.k8s.io/v1 EndpointSlice, as far as the mesh reads it. */
export interface EndpointSlice {
  readonly kind: "EndpointSlice";
  readonly meta: ObjectMeta;
  /** From the label kubernetes.io/service-name; absent where the slice belongs to no Service. */
  readonly serviceName?: string;
  readonly addressType: "IPv4" | "IPv6" | "FQDN";
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly SliceEndpoint[];
}

/** A port without a number means "all ports" and carries no traffic of the mesh; the parser drops it. */
export interface EndpointPort {
  /** Empty where the Service port has no name. */
  readonly name: string;
  readonly port: number;
  readonly protocol: "TCP" | "UDP" | "SCTP";
}

export interface SliceEndpoint {
  /** In canonical form, of the slice's address type. The API allows several, which mean the same endpoint. */
  readonly addresses: readonly string[];
  /** Absent in the object means true. */
  readonly isReady: boolean;
  /** Absent in the object means the value of ready. */
  readonly isServing: boolean;
  readonly isTerminating: boolean;
  readonly zone?: string;
  readonly node?: string;
  readonly hintZones: readonly string[];
  readonly hintNodes: readonly string[];
}
