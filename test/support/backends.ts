import { type Backend, backendName, type Endpoint } from "../../src/binding/backend.ts";

/** A ready endpoint 10.0.0.N:8080, with what the test cares about. */
export function anEndpoint(number: number, rest: Partial<Endpoint> = {}): Endpoint {
  const family = rest.family ?? 4;
  return {
    address: family === 4 ? `10.0.${number >> 8}.${number & 255}` : `fd00::${number.toString(16)}`,
    port: 8080,
    family,
    isReady: true,
    isServing: true,
    isTerminating: false,
    hintZones: [],
    hintNodes: [],
    ...rest,
  };
}

/** The backend shop/cart:80 with the given endpoints, and what else the test cares about. */
export function aBackend(endpoints: readonly Endpoint[], rest: Partial<Backend> = {}): Backend {
  return {
    name: backendName("shop", "cart", 80),
    namespace: "shop",
    service: "cart",
    port: 80,
    clusterIPs: ["10.96.0.7"],
    protocol: "http",
    endpoints,
    internalTrafficPolicy: "Cluster",
    sessionAffinity: { kind: "None" },
    ...rest,
  };
}
