import { classifyService, type MeshService } from "../../src/binding/services/mesh-service.ts";
import type { EndpointSlice, SliceEndpoint } from "../../src/resources/endpoint-slice.ts";
import type {
  BackendObjectReference,
  HttpRoute,
  HttpRouteRule,
  ParentRef,
} from "../../src/resources/http-route.ts";
import type { ObjectMeta } from "../../src/resources/object-meta.ts";
import type { ReferenceGrant } from "../../src/resources/reference-grant.ts";
import type { Service, ServicePort } from "../../src/resources/service.ts";

/** Objects for tests: the smallest valid one of each kind, in namespace `shop` unless told otherwise. */
export function meta(of: Partial<ObjectMeta> = {}): ObjectMeta {
  return {
    namespace: "shop",
    name: "cart",
    creationTimestampMs: 0,
    generation: 1,
    labels: {},
    annotations: {},
    ...of,
  };
}

export function servicePort(of: Partial<ServicePort> = {}): ServicePort {
  return { name: "http", port: 80, protocol: "TCP", ...of };
}

export function service(
  of: Partial<Omit<Service, "meta">> & { readonly meta?: Partial<ObjectMeta> } = {},
): Service {
  return {
    kind: "Service",
    type: "ClusterIP",
    clusterIPs: ["10.0.0.1"],
    isHeadless: false,
    ports: [servicePort()],
    internalTrafficPolicy: "Cluster",
    sessionAffinity: { kind: "None" },
    publishNotReadyAddresses: false,
    ...of,
    meta: meta(of.meta),
  };
}

export function sliceEndpoint(address: string, of: Partial<SliceEndpoint> = {}): SliceEndpoint {
  return {
    addresses: [address],
    isReady: true,
    isServing: true,
    isTerminating: false,
    hintZones: [],
    hintNodes: [],
    ...of,
  };
}

export function endpointSlice(
  of: Partial<Omit<EndpointSlice, "meta">> & { readonly meta?: Partial<ObjectMeta> } = {},
): EndpointSlice {
  return {
    kind: "EndpointSlice",
    serviceName: "cart",
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    endpoints: [sliceEndpoint("10.1.0.1")],
    ...of,
    meta: meta({ name: "cart-1", ...of.meta }),
  };
}

export function rule(of: Partial<HttpRouteRule> = {}): HttpRouteRule {
  return {
    matches: [{ path: { kind: "PathPrefix", value: "/" }, headers: [], queryParams: [] }],
    filters: [],
    backendRefs: [],
    timeouts: {},
    hasSessionPersistence: false,
    ...of,
  };
}

export function parent(of: Partial<ParentRef> = {}): ParentRef {
  return { group: "", kind: "Service", name: "cart", ...of };
}

export function reference(of: Partial<BackendObjectReference> = {}): BackendObjectReference {
  return { group: "", kind: "Service", name: "cart", port: 80, ...of };
}

export function route(
  of: Partial<Omit<HttpRoute, "meta">> & { readonly meta?: Partial<ObjectMeta> } = {},
): HttpRoute {
  return {
    kind: "HTTPRoute",
    parentRefs: [parent()],
    hostnames: [],
    rules: [rule()],
    ...of,
    meta: meta({ name: "cart-route", generation: 7, ...of.meta }),
  };
}

export function grant(of: Partial<Omit<ReferenceGrant, "kind">> = {}): ReferenceGrant {
  return {
    kind: "ReferenceGrant",
    meta: meta({ name: "grant" }),
    from: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "test" }],
    to: [{ group: "", kind: "Service" }],
    ...of,
  };
}

/** By `namespace/name`, as the stages of binding take them. */
export function meshServices(...services: readonly Service[]): ReadonlyMap<string, MeshService> {
  return new Map(services.map(classifyService).map((mesh) => [mesh.key, mesh]));
}
