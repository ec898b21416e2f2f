/** Objects as manifests have them, with what tests care about. */
export type Manifest = Readonly<Record<string, unknown>>;

export interface ServiceManifest {
  readonly name: string;
  readonly namespace?: string;
  readonly addresses: readonly string[];
  readonly port: number;
  /** `http` without it. */
  readonly portName?: string;
  readonly endpoints: readonly EndpointManifest[];
}

export interface EndpointManifest {
  readonly address: string;
  readonly port: number;
  readonly zone?: string;
  readonly hintZones?: readonly string[];
}

/** A Service and a slice for each of its endpoints. */
export function serviceManifests(service: ServiceManifest): readonly Manifest[] {
  const { name, namespace = "default", addresses, port, portName = "http", endpoints } = service;
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace },
      spec: { clusterIPs: addresses, clusterIP: addresses[0], ports: [{ name: portName, port }] },
    },
    ...endpoints.map((endpoint, index) => ({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: `${name}-${index}`, namespace, labels: { "kubernetes.io/service-name": name } },
      addressType: endpoint.address.includes(":") ? "IPv6" : "IPv4",
      ports: [{ name: portName, port: endpoint.port }],
      endpoints: [
        {
          addresses: [endpoint.address],
          conditions: { ready: true },
          ...(endpoint.zone === undefined ? {} : { zone: endpoint.zone }),
          ...(endpoint.hintZones === undefined
            ? {}
            : { hints: { forZones: endpoint.hintZones.map((zone) => ({ name: zone })) } }),
        },
      ],
    })),
  ];
}

export interface RouteManifest {
  readonly name: string;
  readonly namespace?: string;
  /** The Service that it is bound to, in the same namespace if none is named. */
  readonly parent: string;
  readonly parentNamespace?: string;
  readonly rules: readonly Manifest[];
}

export function routeManifest({ name, namespace, parent, parentNamespace, rules }: RouteManifest): Manifest {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name, namespace: namespace ?? "default" },
    spec: {
      parentRefs: [
        {
          group: "",
          kind: "Service",
          name: parent,
          ...(parentNamespace === undefined ? {} : { namespace: parentNamespace }),
        },
      ],
      rules,
    },
  };
}

/** A rule for everything below a path. */
export function prefixRule(prefix: string, service: string, port: number): Manifest {
  return {
    matches: [{ path: { type: "PathPrefix", value: prefix } }],
    backendRefs: [{ name: service, port }],
  };
}

/** A file with all of them. */
export function manifestText(...objects: readonly Manifest[]): string {
  return objects.map((object) => `${JSON.stringify(object, undefined, 1)}\n`).join("---\n");
}
