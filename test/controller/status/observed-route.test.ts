import assert from "node:assert/strict";
import { asCondition, parentKey, readObservedRoute } from "../../../src/controller/status/observed-route.ts";
import { routeStatus, serviceRef } from "./statuses.ts";

const metadata = { namespace: "ns", name: "r", uid: "u", resourceVersion: "7", generation: 2 };
const GROUP = "gateway.networking.k8s.io";

describe("readObservedRoute", () => {
  const wrong: readonly unknown[] = [
    undefined,
    [],
    "route",
    {},
    { metadata: null },
    { metadata: { ...metadata, name: 7 } },
    { metadata: { ...metadata, namespace: 7 } },
    { metadata: { ...metadata, uid: 7 } },
    { metadata: { ...metadata, resourceVersion: undefined } },
    { metadata: { ...metadata, generation: "2" } },
  ];
  for (const raw of wrong) {
    it(`takes ${JSON.stringify(raw)} for no route`, () =>
      assert.equal(readObservedRoute(raw, "HTTPRoute"), undefined));
  }

  const versions = [
    { apiVersion: `${GROUP}/v1`, version: "v1" },
    { apiVersion: `${GROUP}/v1beta1`, version: "v1beta1" },
    { apiVersion: undefined, version: "v1" },
    { apiVersion: `${GROUP}/v9`, version: "v1" },
  ];
  for (const { apiVersion, version } of versions) {
    it(`reads apiVersion ${apiVersion}`, () =>
      assert.equal(readObservedRoute({ apiVersion, metadata }, "HTTPRoute")?.version, version));
  }

  const statuses = [
    { status: undefined, parents: "no-status" },
    { status: null, parents: "no-status" },
    { status: {}, parents: "no-parents" },
    { status: { parents: null }, parents: "no-parents" },
    { status: { parents: [] }, parents: [] },
    {
      status: { parents: [{ controllerName: "example.com/c", conditions: [{}] }, null] },
      parents: ["foreign", "foreign"],
    },
    {
      status: { parents: [{ controllerName: "eastbound.dev/controller" }] },
      parents: [{ key: parentKey({}), conditions: [] }],
    },
    {
      status: {
        parents: [
          { controllerName: "eastbound.dev/controller", parentRef: serviceRef("a"), conditions: [1] },
        ],
      },
      parents: [{ key: parentKey(serviceRef("a")), conditions: [1] }],
    },
  ];
  for (const { status, parents } of statuses) {
    it(`reads status ${JSON.stringify(status)}`, () =>
      assert.deepEqual(readObservedRoute({ metadata, status }, "HTTPRoute")?.parents, parents));
  }

  it("does without what a route may lack", () => {
    const { name, resourceVersion } = metadata;
    assert.deepEqual(readObservedRoute({ metadata: { name, resourceVersion } }, "HTTPRoute"), {
      namespace: "",
      name: "r",
      uid: "",
      resourceVersion: "7",
      generation: 0,
      version: "v1",
      parents: "no-status",
    });
  });
});

describe("parentKey", () => {
  it("tells parents apart, by what they mean", () => {
    const refs = [
      { name: "a" },
      { ...serviceRef("a"), namespace: "ns" },
      { ...serviceRef("a"), port: 80 },
      { ...serviceRef("a"), sectionName: "80" },
      serviceRef("a"),
      serviceRef("b"),
    ];
    assert.equal(new Set(refs.map(parentKey)).size, refs.length);
    assert.equal(parentKey({ name: "a" }), parentKey({ group: GROUP, kind: "Gateway", name: "a" }));
  });
});

describe("asCondition", () => {
  it("takes conditions, and nothing else", () => {
    const [condition] = routeStatus({ parents: ["a"] }).parents[0]?.conditions ?? [];
    assert.deepEqual(asCondition(condition), condition);
    for (const other of [null, 7, {}, { type: "Accepted" }, { type: 1, status: "True" }])
      assert.equal(asCondition(other), undefined);
  });
});
