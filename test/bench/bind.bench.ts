import { bind } from "../../src/binding/bind.ts";
import type { MeshObject } from "../../src/resources/parse-object.ts";
import { endpointSlice, parent, reference, route, rule, service, sliceEndpoint } from "../binding/build.ts";

/** How long binding a whole cluster takes, and whether it stays in proportion to it. */
interface ClusterSize {
  readonly services: number;
  readonly endpointsEach: number;
  readonly routes: number;
}

const SIZES: readonly ClusterSize[] = [
  { services: 1000, endpointsEach: 10, routes: 5000 },
  { services: 2000, endpointsEach: 10, routes: 10_000 },
  { services: 10_000, endpointsEach: 10, routes: 5000 },
  { services: 10, endpointsEach: 10, routes: 5000 },
];

function cluster(size: ClusterSize): readonly MeshObject[] {
  const objects: MeshObject[] = [];
  for (let s = 0; s < size.services; s++) {
    const name = `service-${s}`;
    objects.push(service({ meta: { name }, clusterIPs: [`10.${s >> 16}.${(s >> 8) & 255}.${s & 255}`] }));
    const endpoints = Array.from({ length: size.endpointsEach }, (_, e) =>
      sliceEndpoint(`10.${100 + e}.${s >> 8}.${s & 255}`, { zone: "a", node: `node-${e}` }),
    );
    objects.push(endpointSlice({ meta: { name: `${name}-x` }, serviceName: name, endpoints }));
  }
  for (let r = 0; r < size.routes; r++) {
    const name = `service-${r % size.services}`;
    const backend = { ref: reference({ name }), weight: 1, filters: [] };
    objects.push(
      route({
        meta: { name: `route-${r}`, creationTimestampMs: (r * 7919) % 1000 },
        parentRefs: [parent({ name })],
        rules: [rule({ backendRefs: [backend] }), rule({ backendRefs: [backend, backend] })],
      }),
    );
  }
  return objects;
}

for (const size of SIZES) {
  const objects = cluster(size);
  const times = Array.from({ length: 7 }, () => {
    const start = performance.now();
    bind(objects, { strictGrants: false });
    return performance.now() - start;
  }).sort((a, b) => a - b);
  const [best = 0, , , median = 0] = times;
  const what = `${size.services} Services x ${size.endpointsEach} endpoints, ${size.routes} routes`;
  console.log(`${what}: median ${median.toFixed(1)} ms, best ${best.toFixed(1)} ms`);
}
