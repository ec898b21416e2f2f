// What it costs to take in a large configuration and a change of it, how long the event loop is held up by it at a
// time (design decision 18: 10 ms at most), and whether memory is given back.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Binding } from "../../src/binding/bind.ts";
import { changesBetween } from "../../src/binding/changes-between.ts";
import { IncrementalBinding } from "../../src/binding/incremental-binding.ts";
import { ClientConfiguration } from "../../src/cli/standalone-configuration.ts";
import { EMPTY_STATE, reduceManifests } from "../../src/manifests/reduce-manifests.ts";
import type { ProxyConfiguration } from "../../src/proxy/configuration.ts";
import { type MeshObject, type ParsedObject, parseObject } from "../../src/resources/parse-object.ts";
import { prefixRule, routeManifest, serviceManifests } from "../support/manifests.ts";
import { startHarness } from "../support/proxy-harness.ts";

const ROUTES = 5_000;
const PASSES = 9;
const RELOADS = 100;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

interface Cost {
  readonly totalMs: number;
  readonly longestStepMs: number;
}

function run<T>(steps: Generator<undefined, T>): { readonly value: T; readonly cost: Cost } {
  const startedMs = performance.now();
  let longestStepMs = 0;
  for (;;) {
    const stepMs = performance.now();
    const step = steps.next();
    longestStepMs = Math.max(longestStepMs, performance.now() - stepMs);
    if (step.done === true)
      return { value: step.value, cost: { totalMs: performance.now() - startedMs, longestStepMs } };
  }
}

/** The best of several passes: other programs and the collector make some longer. */
function measure<T>(what: string, begin: () => Generator<undefined, T>): T {
  let { value, cost } = run(begin());
  for (let pass = 1; pass < PASSES; pass++) {
    const next = run(begin());
    value = next.value;
    cost = {
      totalMs: Math.min(cost.totalMs, next.cost.totalMs),
      longestStepMs: Math.min(cost.longestStepMs, next.cost.longestStepMs),
    };
  }
  const { totalMs, longestStepMs } = cost;
  console.log(`  ${what.padEnd(28)} ${totalMs.toFixed(1)} ms, longest step ${longestStepMs.toFixed(1)} ms`);
  return value;
}

// oxlint-disable-next-line require-yield -- one step by design
function* once<T>(work: () => T): Generator<undefined, T> {
  return work();
}

function routeObject(number: number, services: number, path = `/path-${number}/x`): ParsedObject {
  const rules = [prefixRule(path, `service-${number % services}`, 80)];
  return parseObject(routeManifest({ name: `route-${number}`, parent: "service-0", rules }));
}

function world(services: number): readonly ParsedObject[] {
  const parsed: ParsedObject[] = [];
  for (let s = 0; s < services; s++) {
    const addresses = [`10.96.${s >> 8}.${s & 255}`];
    const endpoints = [0, 1, 2].map((e) => ({ address: `10.${100 + e}.${s >> 8}.${s & 255}`, port: 8080 }));
    parsed.push(
      ...serviceManifests({ name: `service-${s}`, addresses, port: 80, endpoints }).map(parseObject),
    );
  }
  for (let r = 0; r < ROUTES; r++) parsed.push(routeObject(r, services));
  return parsed;
}

function objectsOf(parsed: readonly ParsedObject[]): readonly MeshObject[] {
  return parsed.flatMap((each) => (each.kind === "object" ? [each.object] : []));
}

function measureManifests(parsed: readonly ParsedObject[]): void {
  const found = () => {
    const documents = parsed.map((each) => [each]);
    return { files: new Map([["a.yaml", { kind: "documents", documents } as const]]), unreadable: new Map() };
  };
  const state = measure("reduce manifests", () => once(() => reduceManifests(EMPTY_STATE, found())));
  measure("the same, one file changed", () => once(() => reduceManifests(state, found())));
}

for (const services of [1, 1_000]) {
  console.log(`${services} Services, ${ROUTES} routes on one of them`);
  await using proxy = await startHarness({ backends: {} });
  const parsed = world(services);
  const objects = objectsOf(parsed);
  const changed = objectsOf([...parsed.slice(0, -1), routeObject(ROUTES - 1, services, "/other")]);
  const options = { strictGrants: false };
  const client = new ClientConfiguration("default", {});
  measureManifests(parsed);
  function* bindFrom(from: readonly MeshObject[], to: readonly MeshObject[]): Generator<undefined, Binding> {
    yield* incremental.applyInSteps(changesBetween(from, to));
    return incremental.toBinding();
  }
  let incremental = new IncrementalBinding(options);
  measure("bind", () => {
    incremental = new IncrementalBinding(options);
    return bindFrom([], objects);
  });
  const before = incremental.toBinding();
  let isChanged = false;
  measure("bind, one route changed", () => {
    isChanged = !isChanged;
    return isChanged ? bindFrom(objects, changed) : bindFrom(changed, objects);
  });
  const after = incremental.toBinding();
  measure("configure", () => new ClientConfiguration("default", {}).of(before));
  const first = measure("configure again", () => client.of(before));
  const second = measure("configure, one changed", () => client.of(after));
  let version = 0;
  measure("apply", () => {
    version++;
    const anew = [...first.frontends].map(([name, { frontend }]) => {
      return [name, { frontend, version: String(version) }] as const;
    });
    return proxy.proxy.configuration.applyInSteps({ ...first, frontends: new Map(anew) });
  });
  let isFirst = false;
  const flip = (): ProxyConfiguration => {
    isFirst = !isFirst;
    return isFirst ? first : second;
  };
  measure("apply, one route changed", () => proxy.proxy.configuration.applyInSteps(flip()));

  let next = changed;
  run(bindFrom(changed, objects));
  const reload = (): void => {
    const binding = run(bindFrom(next === changed ? objects : changed, next)).value;
    run(proxy.proxy.configuration.applyInSteps(run(client.of(binding)).value));
    next = next === changed ? objects : changed;
  };
  for (let i = 0; i < 10; i++) reload();
  collectGarbage();
  const heapBefore = process.memoryUsage().heapUsed;
  for (let i = 0; i < RELOADS; i++) reload();
  collectGarbage();
  const grownKib = (process.memoryUsage().heapUsed - heapBefore) / 1_024;
  console.log(`  heap after ${RELOADS} reloads: ${grownKib >= 0 ? "+" : ""}${grownKib.toFixed(0)} KiB`);
}
