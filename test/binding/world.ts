import * as fc from "fast-check";
import type { Binding } from "../../src/binding/bind.ts";
import { OPAQUE_PORTS_ANNOTATION } from "../../src/binding/services/opaque-ports.ts";
import type { HttpRouteFilter } from "../../src/resources/http-route.ts";
import type { MeshObject } from "../../src/resources/parse-object.ts";
import {
  endpointSlice,
  grant,
  meta,
  parent,
  reference,
  route,
  rule,
  service,
  servicePort,
  sliceEndpoint,
} from "./build.ts";

/** A small world in which names collide and references break often. */
const namespace = fc.constantFrom("shop", "test", "shop-a");
const name = fc.constantFrom("cart", "pay", "a");
const portName = fc.constantFrom("http", "web", "https", "grpc");
const port = fc.constantFrom(80, 81);
const anyMeta = fc.record({
  namespace,
  name,
  creationTimestampMs: fc.constantFrom(0, 1),
  annotations: fc.constantFrom({}, { [OPAQUE_PORTS_ANNOTATION]: "81, nothing" }),
});
const address = fc.constantFrom("10.0.0.1", "10.0.0.2", "fd00::1");
const anyService = fc
  .record({
    meta: anyMeta,
    type: fc.constantFrom("ClusterIP", "ClusterIP", "LoadBalancer", "ExternalName"),
    clusterIPs: fc.uniqueArray(address, { maxLength: 2 }),
    isHeadless: fc.boolean(),
    ports: fc.array(fc.record({ name: portName, port }).map(servicePort), { maxLength: 3 }),
  })
  .map((of) => service(of));
const anySlice = fc
  .record({
    meta: anyMeta,
    serviceName: name,
    ports: fc.array(fc.record({ name: portName, port, protocol: fc.constant("TCP" as const) })),
    endpoints: fc.array(
      fc
        .tuple(address, fc.boolean(), fc.boolean())
        .map(([at, isReady, isTerminating]) => sliceEndpoint(at, { isReady, isTerminating })),
    ),
  })
  .map((of) => endpointSlice(of));
const anyReference = fc
  .record({ kind: fc.constantFrom("Service", "Service", "Pod"), name, namespace, port })
  .map(reference);
const anyFilter: fc.Arbitrary<HttpRouteFilter> = fc.oneof(
  fc.constantFrom<HttpRouteFilter>(
    { kind: "ExternalAuth" },
    { kind: "ExtensionRef", group: "example.com", refKind: "Auth", name: "a" },
    { kind: "Unsupported", field: "filters[0].type", value: "Cache" },
    { kind: "URLRewrite", rewrite: { path: { kind: "ReplacePrefixMatch", value: "/" } } },
    { kind: "RequestRedirect", redirect: { statusCode: 302 } },
  ),
  anyReference.map((backendRef) => ({
    kind: "RequestMirror" as const,
    backendRef,
    fraction: { numerator: 1, denominator: 2 },
  })),
);
const filters = fc.array(anyFilter, { maxLength: 2 });
const anyRule = fc
  .record({
    filters,
    backendRefs: fc.array(fc.record({ ref: anyReference, weight: fc.nat(2), filters }), { maxLength: 2 }),
  })
  .map(rule);
const anyRoute = fc
  .record({
    meta: anyMeta,
    parentRefs: fc.array(
      fc
        .record({ name, namespace, port, sectionName: portName }, { requiredKeys: ["name"] })
        .map((of) => parent(of)),
      { maxLength: 3 },
    ),
    rules: fc.array(anyRule, { maxLength: 3 }),
  })
  .map((of) => route(of));
const anyGrant = namespace.map((of) => grant({ meta: meta({ namespace: of, name: "grant" }) }));
export const anyObject: fc.Arbitrary<MeshObject> = fc.oneof(
  anyService,
  anySlice,
  anyRoute,
  anyGrant,
  namespace.map((of) => ({ kind: "Namespace" as const, meta: meta({ namespace: "", name: of }) })),
);
export const world = fc.uniqueArray(anyObject, {
  maxLength: 20,
  selector: (object) => `${object.kind} ${object.meta.namespace}/${object.meta.name}`,
});

/** Maps as lists, so that their order counts too. */
export function listedBinding({ backends, frontends, statuses, problems }: Binding): unknown {
  const variants = [...frontends].map(([at, { producer, consumers }]) => [at, producer, [...consumers]]);
  return { statuses, problems, backends: [...backends], variants };
}
