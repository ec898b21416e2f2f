import assert from "node:assert/strict";
import * as fc from "fast-check";
import { type Binding, type BindOptions, bind, bindInSteps } from "../../src/binding/bind.ts";
import type { Frontend } from "../../src/binding/frontend.ts";
import { frontendFor } from "../../src/binding/frontend-variants.ts";
import { MAX_MESSAGE_LENGTH } from "../../src/binding/route-status.ts";
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

const bindAll = (...objects: readonly MeshObject[]) => bind(objects, { strictGrants: false });

/** The Frontend of an address as clients of a namespace see it. */
function look(objects: readonly MeshObject[], name: string, namespace: string): Frontend | undefined {
  const variants = bindAll(...objects).frontends.get(name);
  return variants && frontendFor(variants, namespace);
}

const routesOf = (frontend: Frontend | undefined) => frontend?.routes?.routes.map(({ name }) => name);

describe("bind, backends", () => {
  it("makes one of each TCP port, with its endpoints", () => {
    const objects = [
      service({
        meta: { name: "cart" },
        clusterIPs: ["10.0.0.1", "fd00::1"],
        ports: [
          servicePort(),
          servicePort({ name: "dns", port: 53, protocol: "UDP" }),
          servicePort({ name: "tcp", port: 9090 }),
        ],
        trafficDistribution: "PreferSameZone",
        internalTrafficPolicy: "Local",
        sessionAffinity: { kind: "ClientIP", timeoutSeconds: 10 },
      }),
      endpointSlice(),
    ];
    assert.deepEqual(
      [...bindAll(...objects).backends.values()],
      [
        {
          name: "shop/cart:80",
          namespace: "shop",
          service: "cart",
          port: 80,
          clusterIPs: ["10.0.0.1", "fd00::1"],
          protocol: "http",
          endpoints: [
            {
              address: "10.1.0.1",
              port: 8080,
              family: 4,
              isReady: true,
              isServing: true,
              isTerminating: false,
              hintZones: [],
              hintNodes: [],
            },
          ],
          trafficDistribution: "PreferSameZone",
          internalTrafficPolicy: "Local",
          sessionAffinity: { kind: "ClientIP", timeoutSeconds: 10 },
        },
        {
          name: "shop/cart:9090",
          namespace: "shop",
          service: "cart",
          port: 9090,
          clusterIPs: ["10.0.0.1", "fd00::1"],
          protocol: "other",
          endpoints: [],
          trafficDistribution: "PreferSameZone",
          internalTrafficPolicy: "Local",
          sessionAffinity: { kind: "ClientIP", timeoutSeconds: 10 },
        },
      ],
    );
  });

  it("takes slices of the Service's own namespace only", () => {
    const { serviceName: _, ...unowned } = endpointSlice();
    const binding = bindAll(service(), endpointSlice({ meta: { namespace: "test" } }), unowned);
    assert.deepEqual(binding.backends.get("shop/cart:80")?.endpoints, []);
  });

  it("has those of headless Services, and none of ExternalName ones", () => {
    const binding = bindAll(
      service({ meta: { name: "headless" }, isHeadless: true, clusterIPs: [] }),
      service({ meta: { name: "outside" }, type: "ExternalName", clusterIPs: [] }),
    );
    assert.deepEqual([...binding.backends.keys()], ["shop/headless:80"]);
    assert.equal(binding.frontends.size, 0);
  });
});

describe("bind, frontends", () => {
  it("makes one of each address and port", () => {
    const ports = [servicePort(), servicePort({ name: "tcp", port: 9090 })];
    const binding = bindAll(service({ clusterIPs: ["10.0.0.1", "fd00::1"], ports }));
    assert.deepEqual(
      [...binding.frontends.keys()],
      ["10.0.0.1:80", "10.0.0.1:9090", "[fd00::1]:80", "[fd00::1]:9090"],
    );
    assert.deepEqual(binding.frontends.get("[fd00::1]:9090"), {
      producer: {
        name: "[fd00::1]:9090",
        address: "fd00::1",
        port: 9090,
        service: { namespace: "shop", name: "cart" },
        protocol: "opaque",
        backend: "shop/cart:9090",
      },
      consumers: new Map(),
    });
  });

  it("gives the clients of a namespace its own routes alone, everybody else the producer's", () => {
    const objects = [
      service(),
      route({ meta: { name: "producer" } }),
      route({ meta: { namespace: "test", name: "consumer" }, parentRefs: [parent({ namespace: "shop" })] }),
    ];
    const consumer = look(objects, "10.0.0.1:80", "test");
    assert.deepEqual(consumer?.routes?.scope, { kind: "consumer", namespace: "test" });
    assert.deepEqual(routesOf(consumer), ["consumer"]);
    for (const namespace of ["shop", "other"]) {
      const producer = look(objects, "10.0.0.1:80", namespace);
      assert.deepEqual(producer?.routes?.scope, { kind: "producer" });
      assert.deepEqual(routesOf(producer), ["producer"]);
    }
  });

  it("lets a consumer's routes replace the producer's for their port only", () => {
    const objects = [
      service({ ports: [servicePort(), servicePort({ name: "http-alt", port: 81 })] }),
      route({ meta: { name: "producer" } }),
      route({
        meta: { namespace: "test", name: "consumer" },
        parentRefs: [parent({ namespace: "shop", port: 81 })],
      }),
    ];
    assert.deepEqual(routesOf(look(objects, "10.0.0.1:80", "test")), ["producer"]);
    assert.deepEqual(routesOf(look(objects, "10.0.0.1:81", "test")), ["consumer"]);
  });

  it("detects HTTP on an undeclared port only for clients with routes", () => {
    const objects = [
      service({ ports: [servicePort({ name: "web" })] }),
      route({ meta: { namespace: "test" }, parentRefs: [parent({ namespace: "shop" })] }),
    ];
    assert.equal(look(objects, "10.0.0.1:80", "test")?.protocol, "detect");
    assert.equal(look(objects, "10.0.0.1:80", "shop")?.protocol, "opaque");
  });

  it("falls back to the producer's routes where none of the consumer's can be served", () => {
    const filters: readonly HttpRouteFilter[] = [
      { kind: "URLRewrite", rewrite: {} },
      { kind: "URLRewrite", rewrite: {} },
    ];
    const objects = [
      service(),
      route({ meta: { name: "producer" } }),
      route({
        meta: { namespace: "test", name: "consumer" },
        parentRefs: [parent({ namespace: "shop" })],
        rules: [rule({ filters })],
      }),
    ];
    assert.deepEqual(routesOf(look(objects, "10.0.0.1:80", "test")), ["producer"]);
  });

  it("never opens what a route wanted checked", () => {
    const objects = [service(), route({ rules: [rule({ filters: [{ kind: "ExternalAuth" }] })] })];
    assert.deepEqual(look(objects, "10.0.0.1:80", "shop")?.routes?.routes[0]?.rules[0]?.filters, [
      { kind: "Unresolved", message: 'filters[0]: "ExternalAuth" is not supported' },
    ]);
  });

  it("orders routes by age, then by namespace/name in code units", () => {
    const named = (name: string, creationTimestampMs: number) =>
      route({ meta: { name, creationTimestampMs } });
    const objects = [named("b", 5), named("a", 5), named("z", 1), named("B", 5), named("a-b", 5), service()];
    assert.deepEqual(routesOf(look(objects, "10.0.0.1:80", "shop")), ["z", "B", "a", "a-b", "b"]);
  });

  it("takes a route through two parentRefs once", () => {
    const objects = [
      service(),
      route({ parentRefs: [parent({ port: 80 }), parent({ sectionName: "http" })] }),
    ];
    assert.deepEqual(routesOf(look(objects, "10.0.0.1:80", "shop")), ["cart-route"]);
  });

  it("gives an address that two Services claim to the older one, and reports it", () => {
    const objects = [
      service({ meta: { name: "a", creationTimestampMs: 2 } }),
      service({ meta: { name: "b", creationTimestampMs: 1 } }),
    ];
    const binding = bindAll(...objects);
    assert.equal(binding.frontends.get("10.0.0.1:80")?.producer.service.name, "b");
    assert.deepEqual(binding.problems, [
      { object: "Service shop/a", message: "10.0.0.1:80 belongs to Service shop/b already" },
    ]);
    assert.equal(binding.backends.size, 2);
  });
});

describe("bind, the rest", () => {
  it("has a status for each route, in order of their names", () => {
    const binding = bindAll(
      route({ meta: { name: "b" } }),
      route({ meta: { name: "a", creationTimestampMs: 9 } }),
      route({ meta: { namespace: "a", name: "z" }, parentRefs: [] }),
    );
    assert.deepEqual(
      binding.statuses.map(({ namespace, name, parents }) => `${namespace}/${name} ${parents.length}`),
      ["a/z 0", "shop/a 1", "shop/b 1"],
    );
  });

  it("reports what is wrong with Services, sorted", () => {
    const annotations = { [OPAQUE_PORTS_ANNOTATION]: "x" };
    const named = (name: string) =>
      service({ meta: { name, annotations }, isHeadless: true, clusterIPs: [] });
    const message = `annotation ${OPAQUE_PORTS_ANNOTATION}: the Service has no port "x"`;
    assert.deepEqual(bindAll(named("b"), named("a")).problems, [
      { object: "Service shop/a", message },
      { object: "Service shop/b", message },
    ]);
  });

  it("demands grants where it is told to", () => {
    const objects = [
      service(),
      service({ meta: { namespace: "test", name: "own" }, clusterIPs: ["10.0.0.2"] }),
      route({
        meta: { namespace: "test" },
        parentRefs: [parent({ name: "own" })],
        rules: [rule({ backendRefs: [{ ref: reference({ namespace: "shop" }), weight: 1, filters: [] }] })],
      }),
    ];
    const resolvedRefs = (strictGrants: boolean, more: readonly MeshObject[]) =>
      bind([...objects, ...more], { strictGrants }).statuses[0]?.parents[0]?.conditions[1]?.reason;
    assert.equal(resolvedRefs(false, []), "ResolvedRefs");
    assert.equal(resolvedRefs(true, []), "RefNotPermitted");
    assert.equal(resolvedRefs(true, [grant()]), "ResolvedRefs");
  });

  it("counts the first of two objects of one name", () => {
    const binding = bindAll(
      service(),
      service({ clusterIPs: ["10.9.9.9"] }),
      route({ meta: { generation: 1 } }),
      route({ meta: { generation: 2 } }),
    );
    assert.deepEqual([...binding.frontends.keys()], ["10.0.0.1:80"]);
    assert.equal(binding.statuses[0]?.parents[0]?.conditions[0]?.observedGeneration, 1);
  });

  it("makes nothing of nothing", () => {
    const { stages: _, ...binding } = bindAll();
    assert.deepEqual(binding, { backends: new Map(), frontends: new Map(), statuses: [], problems: [] });
  });
});

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
const anyObject: fc.Arbitrary<MeshObject> = fc.oneof(
  anyService,
  anySlice,
  anyRoute,
  anyGrant,
  namespace.map((of) => ({ kind: "Namespace" as const, meta: meta({ namespace: "", name: of }) })),
);
const world = fc.uniqueArray(anyObject, {
  maxLength: 20,
  selector: (object) => `${object.kind} ${object.meta.namespace}/${object.meta.name}`,
});

/** Maps as lists, so that their order counts too. */
function listed(objects: readonly MeshObject[], strictGrants: boolean): unknown {
  return listedBinding(bind(objects, { strictGrants }));
}

function listedBinding({ backends, frontends, statuses, problems }: Binding): unknown {
  const variants = [...frontends].map(([at, { producer, consumers }]) => [at, producer, [...consumers]]);
  return { statuses, problems, backends: [...backends], variants };
}

function bindAfter(previous: Binding, objects: readonly MeshObject[], options: BindOptions): Binding {
  const steps = bindInSteps(objects, options, previous);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

describe("bindInSteps", () => {
  const objects = [service(), route(), route({ meta: { name: "other" } }), grant()];
  const loose = { strictGrants: false };
  const before = bind(objects, loose);
  const boundRoutes = ({ stages }: Binding) => [...stages.routes.values()];

  it("takes over what became of routes when only others changed", () => {
    const changed = objects.with(2, route({ meta: { name: "other", generation: 2 } }));
    const after = bindAfter(before, changed, loose);
    assert.equal(after.stages.scope, before.stages.scope);
    assert.equal(boundRoutes(after)[0], boundRoutes(before)[0]);
    assert.notEqual(boundRoutes(after)[1], boundRoutes(before)[1]);
  });

  const anew = [
    { name: "a Service changed", objects: [service({ meta: { generation: 2 } }), ...objects.slice(1)] },
    { name: "a Service came", objects: [...objects, service({ meta: { name: "new" } })] },
    { name: "a Service went", objects: objects.slice(1) },
    { name: "a grant changed", objects: [...objects.slice(0, 3), grant()] },
    { name: "a grant went", objects: objects.slice(0, 3) },
  ];
  for (const { name, objects: changed } of anew) {
    it(`binds all routes anew when ${name}`, () => {
      const after = bindAfter(before, changed, loose);
      assert.ok(boundRoutes(after).every((bound) => !boundRoutes(before).includes(bound)));
    });
  }

  it("binds all routes anew when grants begin to count", () => {
    const after = bindAfter(before, objects, { strictGrants: true });
    assert.ok(boundRoutes(after).every((bound) => !boundRoutes(before).includes(bound)));
  });

  it("comes to the same whatever was before", () => {
    fc.assert(
      fc.property(world, world, fc.boolean(), (first, second, strictGrants) => {
        const kept = first.filter((object) => object.meta.name !== "a");
        const next = [...kept, ...second.filter((object) => !kept.some((k) => isSameName(k, object)))];
        const after = bindAfter(bind(first, loose), next, { strictGrants });
        assert.deepEqual(listedBinding(after), listed(next, strictGrants));
      }),
      { numRuns: 300 },
    );
  });
});

const isSameName = (one: MeshObject, other: MeshObject): boolean =>
  one.kind === other.kind && one.meta.namespace === other.meta.namespace && one.meta.name === other.meta.name;

describe("bind, whatever the objects", () => {
  it("does not depend on their order", () => {
    const shuffled = world.chain((objects) =>
      fc.tuple(
        fc.constant(objects),
        fc.shuffledSubarray(objects, { minLength: objects.length }),
        fc.boolean(),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([objects, others, strict]) => {
        assert.equal(JSON.stringify(listed(others, strict)), JSON.stringify(listed(objects, strict)));
      }),
      { numRuns: 500 },
    );
  });

  it("yields plain JSON data", () => {
    fc.assert(
      fc.property(world, (objects) => {
        const result = listed(objects, false);
        assert.deepEqual(JSON.parse(JSON.stringify(result)), result);
      }),
    );
  });

  it("keeps its promises: each name known, no mixed sets, no message too long", () => {
    fc.assert(
      fc.property(world, (objects) => {
        const { backends, frontends, statuses } = bind(objects, { strictGrants: false });
        for (const { producer, consumers } of frontends.values()) {
          for (const frontend of [producer, ...consumers.values()]) {
            assert.ok(backends.has(frontend.backend));
            const targets = (frontend.routes?.routes ?? [])
              .flatMap((bound) => bound.rules)
              .flatMap((bound) => bound.backends.map(({ target }) => target));
            assert.ok(targets.every((target) => target.kind === "Invalid" || backends.has(target.name)));
          }
          const owners = (producer.routes?.routes ?? []).map((bound) => bound.namespace);
          assert.ok(owners.every((owner) => owner === producer.service.namespace));
          for (const [owner, consumer] of consumers) {
            assert.ok((consumer.routes?.routes ?? []).every((bound) => bound.namespace === owner));
            assert.notEqual(owner, producer.service.namespace);
          }
        }
        const conditions = statuses.flatMap(({ parents }) => parents.flatMap((entry) => entry.conditions));
        assert.ok(
          conditions.every(({ message }) => message.length > 0 && message.length <= MAX_MESSAGE_LENGTH),
        );
      }),
      { numRuns: 300 },
    );
  });
});
