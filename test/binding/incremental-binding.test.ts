import assert from "node:assert/strict";
import * as fc from "fast-check";
import { type Binding, bind } from "../../src/binding/bind.ts";
import { type BindableObject, type BindingInput, identityOf } from "../../src/binding/bindable-object.ts";
import { changesBetween } from "../../src/binding/changes-between.ts";
import { type BindingChanges, IncrementalBinding } from "../../src/binding/incremental-binding.ts";
import { endpointSlice, grant, meta, parent, reference, route, rule, service, servicePort } from "./build.ts";
import { anyObject, listedBinding } from "./world.ts";

const put = (object: BindableObject): BindingInput => ({ kind: "upsert", object });
const remove = (object: BindableObject): BindingInput => ({ kind: "delete", identity: identityOf(object) });

const invalidRoute = (name: string, problem = "spec.rules") =>
  ({
    kind: "InvalidHTTPRoute",
    meta: meta({ name, generation: 3 }),
    parentRefs: [parent(), parent({ kind: "Gateway" }), parent(), { name: "gateway" }, parent({ port: 81 })],
    problems: [{ path: problem, message: "must be a list" }],
  }) as const;

function filled(objects: readonly BindableObject[], strictGrants = false): IncrementalBinding {
  const binding = new IncrementalBinding({ strictGrants });
  binding.apply(objects.map(put));
  return binding;
}

function shown({ frontends, backends, statuses }: BindingChanges): unknown {
  return { frontends: [...frontends].sort(), backends: [...backends].sort(), statuses: [...statuses].sort() };
}

const NOTHING = { frontends: [], backends: [], statuses: [] };

/** What one change to a mesh of two Services does. */
interface Case {
  readonly name: string;
  readonly change: BindingInput;
  readonly does: Partial<typeof NOTHING> | Record<string, readonly string[]>;
  readonly strictGrants?: boolean;
}

const cart = service({ ports: [servicePort(), servicePort({ name: "http-alt", port: 81 })] });
const pay = service({ meta: { name: "pay" }, clusterIPs: ["10.0.0.2"] });
const cartSlice = endpointSlice();
const onPay = route({
  meta: { name: "on-pay" },
  parentRefs: [parent({ name: "pay" })],
  rules: [rule({ backendRefs: [{ ref: reference(), weight: 1, filters: [] }] })],
});
const consumer = route({
  meta: { namespace: "test", name: "consumer" },
  parentRefs: [parent({ namespace: "shop", name: "pay" })],
  rules: [
    rule({
      filters: [
        {
          kind: "RequestMirror",
          backendRef: reference({ namespace: "shop" }),
          fraction: { numerator: 1, denominator: 1 },
        },
      ],
    }),
  ],
});
const objects = [cart, pay, cartSlice, onPay, consumer, grant()];

describe("IncrementalBinding, what a change does", () => {
  const cases: readonly Case[] = [
    { name: "the same object", change: put(cart), does: {} },
    { name: "an object that says the same", change: put(structuredClone(cart)), does: {} },
    { name: "a Namespace", change: put({ kind: "Namespace", meta: meta({ namespace: "" }) }), does: {} },
    {
      name: "a Namespace that goes",
      change: remove({ kind: "Namespace", meta: meta({ namespace: "" }) }),
      does: {},
    },
    {
      name: "something unknown that goes",
      change: remove(service({ meta: { name: "unknown" } })),
      does: {},
    },
    { name: "an unknown route that goes", change: remove(route({ meta: { name: "unknown" } })), does: {} },
    {
      name: "endpoints that change",
      change: put(endpointSlice({ endpoints: [] })),
      does: { backends: ["shop/cart:80"] },
    },
    {
      name: "a slice that changes in nothing that counts",
      change: put(endpointSlice({ meta: { labels: { a: "b" } } })),
      does: {},
    },
    {
      name: "a slice that goes over to another Service",
      change: put(endpointSlice({ serviceName: "pay" })),
      does: { backends: ["shop/cart:80", "shop/pay:80"] },
    },
    { name: "a slice that goes", change: remove(cartSlice), does: { backends: ["shop/cart:80"] } },
    {
      name: "a slice of no Service",
      change: put(endpointSlice({ meta: { name: "other" }, serviceName: "unknown" })),
      does: {},
    },
    {
      name: "a Service whose labels change",
      change: put({ ...cart, meta: { ...cart.meta, labels: { a: "b" } } }),
      does: {},
    },
    {
      name: "a Service that loses a port that a route refers to",
      change: put({ ...cart, ports: cart.ports.slice(1) }),
      does: {
        backends: ["shop/cart:80"],
        frontends: ["10.0.0.1:80", "10.0.0.2:80"],
        statuses: ["shop/on-pay", "test/consumer"],
      },
    },
    {
      name: "a Service that goes",
      change: remove(cart),
      does: {
        backends: ["shop/cart:80", "shop/cart:81"],
        frontends: ["10.0.0.1:80", "10.0.0.1:81", "10.0.0.2:80"],
        statuses: ["shop/on-pay", "test/consumer"],
      },
    },
    {
      name: "a route that comes",
      change: put(route({ parentRefs: [parent({ port: 81 })] })),
      does: { frontends: ["10.0.0.1:81"], statuses: ["shop/cart-route"] },
    },
    {
      name: "a route that changes its parent",
      change: put({ ...onPay, parentRefs: [parent({ port: 80 })] }),
      does: { frontends: ["10.0.0.1:80", "10.0.0.2:80"], statuses: ["shop/on-pay"] },
    },
    {
      name: "a route that goes",
      change: remove(onPay),
      does: { frontends: ["10.0.0.2:80"], statuses: ["shop/on-pay"] },
    },
    {
      name: "a route of which only the generation changes",
      change: put({ ...onPay, meta: { ...onPay.meta, generation: 9 } }),
      does: { statuses: ["shop/on-pay"] },
    },
    {
      name: "a route that can't be read any more",
      change: put(invalidRoute("on-pay")),
      does: { frontends: ["10.0.0.2:80"], statuses: ["shop/on-pay"] },
    },
    { name: "a grant that does not count", change: remove(grant()), does: {} },
    {
      name: "a grant that counts",
      change: remove(grant()),
      strictGrants: true,
      does: { frontends: ["10.0.0.2:80"], statuses: ["test/consumer"] },
    },
    {
      name: "an unknown grant that goes",
      change: remove(grant({ meta: meta({ namespace: "test" }) })),
      strictGrants: true,
      does: {},
    },
  ];
  for (const { name, change, does, strictGrants = false } of cases) {
    it(name, () => {
      assert.deepEqual(shown(filled(objects, strictGrants).apply([change])), { ...NOTHING, ...does });
    });
  }
});

describe("IncrementalBinding", () => {
  it("leaves what does not depend on a change the same references", () => {
    const binding = filled(objects);
    const before = binding.toBinding();
    binding.apply([put(endpointSlice({ endpoints: [] })), put({ ...onPay, rules: [rule()] })]);
    const after = binding.toBinding();
    assert.equal(after.backends.get("shop/cart:81"), before.backends.get("shop/cart:81"));
    assert.equal(after.backends.get("shop/pay:80"), before.backends.get("shop/pay:80"));
    assert.equal(after.frontends.get("10.0.0.1:80"), before.frontends.get("10.0.0.1:80"));
    assert.equal(after.statuses[1], before.statuses[1]);
    const [old, now] = [before.frontends.get("10.0.0.2:80"), after.frontends.get("10.0.0.2:80")];
    assert.notEqual(now?.producer, old?.producer);
    assert.equal(now?.consumers.get("test"), old?.consumers.get("test"));
  });

  it("gives an address over when its owner goes, and back when it comes", () => {
    const older = service({ meta: { name: "older", creationTimestampMs: 1 } });
    const younger = service({ meta: { name: "younger", creationTimestampMs: 2 } });
    const binding = filled([younger, older]);
    const owner = () => binding.frontends.get("10.0.0.1:80")?.producer.service.name;
    assert.equal(owner(), "older");
    assert.deepEqual(binding.problems, [
      { object: "Service shop/younger", message: "10.0.0.1:80 belongs to Service shop/older already" },
    ]);
    assert.deepEqual([...binding.apply([remove(older)]).frontends], ["10.0.0.1:80"]);
    assert.equal(owner(), "younger");
    assert.deepEqual(binding.problems, []);
    binding.apply([put(older)]);
    assert.equal(owner(), "older");
    const younger2 = service({ meta: { name: "younger", creationTimestampMs: 0 } });
    binding.apply([put(younger2)]);
    assert.equal(owner(), "younger");
  });

  it("orders routes anew when one is made anew under its name", () => {
    const [a, b] = [1, 2].map((creationTimestampMs) =>
      route({ meta: { name: `route-${creationTimestampMs}`, creationTimestampMs } }),
    );
    assert.ok(a !== undefined && b !== undefined);
    const binding = filled([service(), a, b]);
    const order = () => binding.frontends.get("10.0.0.1:80")?.producer.routes?.routes.map(({ name }) => name);
    assert.deepEqual(order(), ["route-1", "route-2"]);
    binding.apply([remove(a), put({ ...a, meta: { ...a.meta, creationTimestampMs: 3 } })]);
    assert.deepEqual(order(), ["route-2", "route-1"]);
  });

  it("counts the last of several changes to an object", () => {
    const binding = filled([]);
    const changes = binding.apply([put(cart), remove(cart), put(pay), put(service({ clusterIPs: [] }))]);
    assert.deepEqual([...binding.frontends.keys()], ["10.0.0.2:80"]);
    assert.deepEqual([...changes.frontends], ["10.0.0.2:80"]);
  });

  it("tells the parents of a route that can't be read what is wrong with it", () => {
    const binding = filled([service(), invalidRoute("bad")]);
    const condition = {
      type: "Accepted",
      status: "False",
      reason: "UnsupportedValue",
      message: "The route can't be read and is not in force. spec.rules must be a list.",
      observedGeneration: 3,
    };
    assert.deepEqual(binding.status("shop/bad"), {
      kind: "HTTPRoute",
      namespace: "shop",
      name: "bad",
      parents: [
        { parentRef: parent(), conditions: [condition] },
        { parentRef: parent({ port: 81 }), conditions: [condition] },
      ],
    });
    assert.equal(binding.frontends.get("10.0.0.1:80")?.producer.routes, undefined);
    const message = filled([invalidRoute("bad", "")]).status("shop/bad")?.parents[0]?.conditions[0]?.message;
    assert.equal(message, "The route can't be read and is not in force. The object must be a list.");
  });

  it("holds what is in force under its name", () => {
    const binding = filled(objects);
    assert.deepEqual([...binding.backends.keys()], ["shop/cart:80", "shop/cart:81", "shop/pay:80"]);
    assert.equal(binding.backends.get("shop/cart:80")?.endpoints.length, 1);
  });

  it("goes by the other grants when one goes", () => {
    const second = grant({ meta: meta({ name: "second" }) });
    const binding = filled([...objects, second], true);
    assert.deepEqual(shown(binding.apply([remove(grant())])), NOTHING);
    assert.deepEqual([...binding.apply([remove(second)]).statuses], ["test/consumer"]);
  });

  it("looks for problems again only after a Service changed", () => {
    const twin = (name: string) => service({ meta: { name } });
    const binding = filled([twin("a"), twin("b"), twin("c")]);
    const before = binding.problems;
    assert.deepEqual(
      before.map(({ object }) => object),
      ["Service shop/b", "Service shop/c"],
    );
    binding.apply([put(endpointSlice({ endpoints: [] })), put(onPay)]);
    assert.equal(binding.problems, before);
    const steps = binding.applyInSteps([remove(twin("a")), remove(twin("b"))]);
    for (let step = steps.next(); step.done !== true; step = steps.next()) void binding.problems;
    assert.deepEqual(binding.problems, []);
  });

  it("has no status of a route that is not there", () => {
    const binding = filled([onPay]);
    assert.deepEqual([...binding.apply([remove(onPay)]).statuses], ["shop/on-pay"]);
    assert.equal(binding.status("shop/on-pay"), undefined);
  });
});

const anyBindable: fc.Arbitrary<BindableObject> = fc.oneof(
  { weight: 6, arbitrary: anyObject },
  fc
    .record({ name: fc.constantFrom("cart", "a"), at: fc.constantFrom("x", "y") })
    .map(({ name, at }) => invalidRoute(name, at)),
);
const anyChange = fc.record({ object: anyBindable, isDelete: fc.boolean() });
const anyBatch = fc.array(anyChange, { maxLength: 6 });

/** The names under which two bindings differ. */
function differences(before: Binding, after: Binding): unknown {
  const differing = <T>(one: ReadonlyMap<string, T>, other: ReadonlyMap<string, T>): Set<string> =>
    new Set([...one.keys(), ...other.keys()].filter((name) => one.get(name) !== other.get(name)));
  const statuses = ({ statuses: all }: Binding) =>
    new Map(all.map((status) => [`${status.namespace}/${status.name}`, status]));
  return shown({
    frontends: differing(before.frontends, after.frontends),
    backends: differing(before.backends, after.backends),
    statuses: differing(statuses(before), statuses(after)),
  });
}

describe("IncrementalBinding, whatever the changes", () => {
  it("comes to what bind makes of the objects, and tells what is another", () => {
    fc.assert(
      fc.property(fc.array(anyBatch, { maxLength: 12 }), fc.boolean(), (batches, strictGrants) => {
        const binding = new IncrementalBinding({ strictGrants });
        const there = new Map<string, BindableObject>();
        for (const batch of batches) {
          const before = binding.toBinding();
          for (const { object, isDelete } of batch) {
            const key = JSON.stringify(identityOf(object));
            if (isDelete) there.delete(key);
            else there.set(key, object);
          }
          const changes = binding.apply(
            batch.map(({ object, isDelete }) => (isDelete ? remove(object) : put(object))),
          );
          const after = binding.toBinding();
          assert.deepEqual(listedBinding(after), listedBinding(bind(there.values(), { strictGrants })));
          assert.deepEqual(shown(changes), differences(before, after));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("keeps no reference that has another content", () => {
    fc.assert(
      fc.property(anyBatch, anyBatch, (first, second) => {
        const inputs = (batch: typeof first) =>
          batch.map(({ object, isDelete }) => (isDelete ? remove(object) : put(object)));
        const binding = new IncrementalBinding({ strictGrants: false });
        binding.apply(inputs(first));
        const before = binding.toBinding();
        const copy = structuredClone(before);
        binding.apply(inputs(second));
        assert.deepEqual(before, copy);
      }),
      { numRuns: 200 },
    );
  });
});

describe("changesBetween", () => {
  it("leads from one list of objects to the other", () => {
    const inOther = [cart, onPay, invalidRoute("consumer"), grant()];
    const binding = filled(objects);
    binding.apply(changesBetween(objects, inOther));
    assert.deepEqual(binding.toBinding(), bind(inOther, { strictGrants: false }));
  });

  it("has nothing to say of what is the same", () => {
    assert.deepEqual([...changesBetween(objects, objects.toReversed())], []);
    assert.deepEqual([...changesBetween([cart], [])], [remove(cart)]);
  });
});
