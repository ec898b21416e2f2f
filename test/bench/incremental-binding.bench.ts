// What one change costs in a large cluster, where everything else stays as it is.
import type { BindableObject } from "../../src/binding/bindable-object.ts";
import { IncrementalBinding } from "../../src/binding/incremental-binding.ts";
import type { SliceEndpoint } from "../../src/resources/endpoint-slice.ts";
import { endpointSlice, parent, reference, route, rule, service, sliceEndpoint } from "../binding/build.ts";
import { measure } from "./measure.ts";

const ENDPOINTS = 10;
const ROUTES = 1_000;

const nameOf = (number: number): string => `service-${number}`;

function serviceObject(number: number, generation: number): BindableObject {
  const clusterIPs = [`10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`];
  return service({ meta: { name: nameOf(number), generation }, clusterIPs });
}

function slice(number: number, isReady: boolean): BindableObject {
  const endpoints = Array.from({ length: ENDPOINTS }, (_, e): SliceEndpoint => {
    const address = `10.${100 + e}.${number >> 8}.${number & 255}`;
    return sliceEndpoint(address, { isReady: isReady || e > 0, zone: "a", node: `node-${e}` });
  });
  return endpointSlice({ meta: { name: `${nameOf(number)}-x` }, serviceName: nameOf(number), endpoints });
}

function routeObject(number: number, weight: number): BindableObject {
  const ref = reference({ name: nameOf(number) });
  return route({
    meta: { name: `route-${number}` },
    parentRefs: [parent({ name: nameOf(number) })],
    rules: [rule({ backendRefs: [{ ref, weight, filters: [] }] })],
  });
}

for (const services of [1_000, 10_000]) {
  console.log(`${services} Services with ${ENDPOINTS} endpoints each, ${ROUTES} routes`);
  const objects: BindableObject[] = [];
  for (let s = 0; s < services; s++) objects.push(serviceObject(s, 0), slice(s, true));
  for (let r = 0; r < ROUTES; r++) objects.push(routeObject(r, 0));
  const binding = new IncrementalBinding({ strictGrants: false });
  binding.apply(objects.map((object) => ({ kind: "upsert", object })));
  let version = 0;
  const apply = (object: BindableObject): void => {
    version += binding.apply([{ kind: "upsert", object }]).backends.size;
  };
  let round = 0;
  const repeat = (make: (number: number, round: number) => BindableObject) => (count: number) => {
    for (let i = 0; i < count; i++) apply(make(i % ROUTES, ++round));
  };
  measure(
    "an endpoint becomes ready or not",
    2_000,
    repeat((number, now) => slice(number, Math.floor(now / ROUTES) % 2 === 0)),
  );
  measure("a route changes a weight", 2_000, repeat(routeObject));
  measure("a Service changes in nothing that counts", 2_000, repeat(serviceObject));
  console.log(`  ${version} backends changed`);
}
