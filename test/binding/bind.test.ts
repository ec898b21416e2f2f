import assert from "node:assert/strict";
import * as fc from "fast-check";
import { bind } from "../../src/binding/bind.ts";
import type { Frontend } from "../../src/binding/frontend.ts";
import { frontendFor } from "../../src/binding/frontend-variants.ts";
import { MAX_MESSAGE_LENGTH } from "../../src/binding/route-status.ts";
import { OPAQUE_PORTS_ANNOTATION } from "../../src/binding/services/opaque-ports.ts";
import type { HttpRouteFilter } from "../../src/resources/http-route.ts";
import type { MeshObject } from "../../src/resources/parse-object.ts";
import { endpointSlice, grant, parent, reference, route, rule, service, servicePort } from "./build.ts";
import { listedBinding, world } from "./world.ts";

const bindAll = (...objects: readonly MeshObject[]) => bind(objects, { strictGrants: false });

const listed = (objects: readonly MeshObject[], strictGrants: boolean): unknown =>
  listedBinding(bind(objects, { strictGrants }));

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
    assert.deepEqual(bindAll(), { backends: new Map(), frontends: new Map(), statuses: [], problems: [] });
  });
});

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
