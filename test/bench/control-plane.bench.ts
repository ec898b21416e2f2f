// What taking in a large cluster costs a controller: how long, how long at a time, and how much memory.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { BindableObject } from "../../src/binding/bindable-object.ts";
import { runInTurns } from "../../src/cli/run-in-turns.ts";
import { ControlPlane } from "../../src/controller/control-plane.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { SliceEndpoint } from "../../src/resources/endpoint-slice.ts";
import { endpointSlice, parent, reference, route, rule, service, sliceEndpoint } from "../binding/build.ts";

const ENDPOINTS = 10;
const ROUTES = 1_000;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const { now } = systemClock;

function* cluster(services: number): Generator<BindableObject, void> {
  for (let s = 0; s < services; s++) {
    const name = `service-${s}`;
    yield service({ meta: { name }, clusterIPs: [`10.${s >> 16}.${(s >> 8) & 255}.${s & 255}`] });
    const endpoints = Array.from({ length: ENDPOINTS }, (_, e): SliceEndpoint => {
      return sliceEndpoint(`10.${100 + e}.${s >> 8}.${s & 255}`, { zone: "a", node: `node-${e}` });
    });
    yield endpointSlice({ meta: { name: `${name}-x` }, serviceName: name, endpoints });
  }
  for (let r = 0; r < ROUTES; r++) {
    const name = `service-${r % services}`;
    const backendRefs = [{ ref: reference({ name }), weight: 1, filters: [] }];
    yield route({
      meta: { name: `route-${r}` },
      parentRefs: [parent({ name })],
      rules: [rule({ backendRefs })],
    });
  }
}

/** The longest time that a function had the event loop for itself. */
async function longestTurn(work: () => Promise<void>): Promise<number> {
  let longestMs = 0;
  let isOver = false;
  let lastMs = now();
  const look = (): void => {
    longestMs = Math.max(longestMs, now() - lastMs);
    lastMs = now();
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  await work();
  isOver = true;
  return longestMs;
}

for (const services of [1_000, 10_000]) {
  const objects = [...cluster(services)];
  collectGarbage();
  const heapBefore = process.memoryUsage().heapUsed;
  const plane = new ControlPlane({
    strictGrants: false,
    clock: systemClock,
    runInTurns: (steps) => runInTurns(steps, now),
    onChanges: () => undefined,
  });
  plane.change(objects.map((object) => ({ kind: "upsert", object })));
  const startMs = now();
  const turnMs = await longestTurn(() => plane.begin());
  const totalMs = now() - startMs;
  collectGarbage();
  const mib = (process.memoryUsage().heapUsed - heapBefore) / 1_048_576;
  const encodeMs = now();
  let bytes = 0;
  for (const name of plane.binding.backends.keys()) bytes += plane.catalogue.backend(name)?.bytes.length ?? 0;
  for (const name of plane.binding.frontends.keys())
    bytes += plane.catalogue.frontend(name, "shop")?.bytes.length ?? 0;
  const each = ((now() - encodeMs) / (2 * services)) * 1_000;
  console.log(
    `${services} Services with ${ENDPOINTS} endpoints, ${ROUTES} routes: bound in ${totalMs.toFixed(0)} ms, ` +
      `longest turn ${turnMs.toFixed(1)} ms, ${mib.toFixed(1)} MiB beside the objects; ` +
      `${each.toFixed(0)} µs to encode a resource, ${Math.round(bytes / (2 * services))} bytes`,
  );
  plane.stop();
}
