import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { apiResource, MESH_RESOURCES, meshReader } from "../../src/kubernetes/mesh-reader.ts";
import { ZONE_LABEL } from "../../src/resources/node.ts";
import { type MeshObject, type ParsedObject, parseObject } from "../../src/resources/parse-object.ts";

const specs: Readonly<Record<MeshObject["kind"], object>> = {
  Namespace: {},
  Node: { status: { images: [] } },
  Service: { spec: { clusterIP: "10.96.0.7", ports: [{ port: 80 }] } },
  EndpointSlice: { addressType: "IPv4", ports: [{ port: 8080 }], endpoints: [{ addresses: ["10.0.0.1"] }] },
  HTTPRoute: { spec: { parentRefs: [{ group: "", kind: "Service", name: "shop" }] } },
  ReferenceGrant: {
    spec: { from: [{ group: "g", kind: "K", namespace: "n" }], to: [{ group: "", kind: "K" }] },
  },
};

function raw(kind: MeshObject["kind"], metadata: object = {}): object {
  return { metadata: { namespace: "shop", name: "one", resourceVersion: "7", ...metadata }, ...specs[kind] };
}

function read(kind: MeshObject["kind"], object: unknown): ParsedObject | undefined {
  const resource = MESH_RESOURCES.find((each) => each.kind === kind);
  assert.ok(resource);
  return meshReader(resource)(object);
}

function readGood(kind: MeshObject["kind"], object: unknown): MeshObject {
  const parsed = read(kind, object);
  assert.ok(parsed?.kind === "object");
  return parsed.object;
}

function readTwo(
  kind: MeshObject["kind"],
  first: object,
  second: object,
): readonly [ParsedObject, ParsedObject] {
  return [read(kind, first), read(kind, second)].map((parsed) => {
    assert.ok(parsed);
    return parsed;
  }) as [ParsedObject, ParsedObject];
}

describe("mesh reader", () => {
  it("knows every kind and its resource", () => {
    assert.deepEqual(
      MESH_RESOURCES.map((each) => {
        const { group, version, plural } = apiResource(each);
        return `${each.kind} ${group}/${version}/${plural}${each.isCustom ? " custom" : ""}`;
      }),
      [
        "Node /v1/nodes",
        "Service /v1/services",
        "EndpointSlice discovery.k8s.io/v1/endpointslices",
        "HTTPRoute gateway.networking.k8s.io/v1/httproutes custom",
        "ReferenceGrant gateway.networking.k8s.io/v1/referencegrants custom",
      ],
    );
  });

  for (const { kind } of MESH_RESOURCES) {
    it(`reads a ${kind} of a list, which does not say what it is`, () => {
      assert.equal(readGood(kind, raw(kind)).kind, kind);
    });

    it(`keeps of a ${kind}'s labels and annotations what the mesh reads`, () => {
      const labels = { app: "x", "kubernetes.io/service-name": "shop", "eastbound.dev/inject": "enabled" };
      const annotations = {
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
        "proxy.eastbound.dev/opaque-ports": "80",
        "noteastbound.dev/x": "",
      };
      const { meta } = readGood(kind, raw(kind, { labels, annotations, managedFields: [{}] }));
      assert.deepEqual(
        { ...meta.labels },
        {
          "kubernetes.io/service-name": "shop",
          "eastbound.dev/inject": "enabled",
        },
      );
      assert.deepEqual({ ...meta.annotations }, { "proxy.eastbound.dev/opaque-ports": "80" });
    });
  }

  for (const { kind, group, versions } of MESH_RESOURCES) {
    it(`loses nothing of a ${kind} that parsing it as a whole yields`, () => {
      const labels = { app: "x", "kubernetes.io/service-name": "shop", [ZONE_LABEL]: "zone-1" };
      const annotations = { "proxy.eastbound.dev/opaque-ports": "80" };
      const creationTimestamp = "2026-01-31T12:00:00Z";
      const whole = raw(kind, { labels, annotations, creationTimestamp });
      const apiVersion = group === "" ? versions[0] : `${group}/${versions[0]}`;
      const parsed = parseObject({ apiVersion, kind, ...whole });
      assert.ok(parsed.kind === "object");
      const { app: _, ...kept } = parsed.object.meta.labels;
      const meta = { ...parsed.object.meta, labels: kept };
      const object = readGood(kind, whole);
      assert.deepEqual(
        { ...object, meta: { ...object.meta, labels: { ...object.meta.labels } } },
        { ...parsed.object, meta },
      );
    });
  }

  it("tells what is wrong with an object, and which it is", () => {
    const parsed = read("Service", { ...raw("Service"), spec: { clusterIP: "nonsense" } });
    assert.ok(parsed?.kind === "invalid");
    assert.deepEqual(parsed.identity, { kind: "Service", namespace: "shop", name: "one" });
    assert.equal(parsed.problems.length, 1);
  });

  it("leaves labels that are none to the parser", () => {
    assert.equal(read("Service", raw("Service", { labels: 7 }))?.kind, "invalid");
  });

  for (const object of [undefined, null, 7, {}, { metadata: [] }]) {
    it(`reads nothing of ${JSON.stringify(object)}`, () => assert.equal(read("Service", object), undefined));
  }

  it("keeps the generation of routes alone, since their status names it", () => {
    assert.equal(readGood("HTTPRoute", raw("HTTPRoute", { generation: 3 })).meta.generation, 3);
    assert.equal(readGood("EndpointSlice", raw("EndpointSlice", { generation: 3 })).meta.generation, 0);
  });

  it("finds objects the same that differ in nothing that the mesh reads", () => {
    const later = {
      ...raw("Service", { resourceVersion: "8", labels: { a: "b" } }),
      status: { loadBalancer: {} },
    };
    assert.equal(isDeepStrictEqual(...readTwo("Service", raw("Service"), later)), true);
  });

  it("finds objects different that differ in what the mesh reads", () => {
    const later = { ...raw("Service"), spec: { clusterIP: "10.96.0.8", ports: [{ port: 80 }] } };
    assert.equal(isDeepStrictEqual(...readTwo("Service", raw("Service"), later)), false);
  });
});
