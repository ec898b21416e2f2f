import assert from "node:assert/strict";
import { IncrementalBinding } from "../../src/binding/incremental-binding.ts";
import { Catalogue } from "../../src/controller/catalogue.ts";
import { decodeBackend } from "../../src/discovery/encoding/decode-backend.ts";
import { decodeFrontend } from "../../src/discovery/encoding/decode-frontend.ts";
import { decodeSelf } from "../../src/discovery/encoding/self.ts";
import type { Node } from "../../src/resources/node.ts";
import type { MeshObject } from "../../src/resources/parse-object.ts";
import { endpointSlice, meta, parent, route, service } from "../binding/build.ts";
import { valueOf } from "../resources/parsing.ts";

const consumer = route({ meta: { namespace: "test" }, parentRefs: [parent({ namespace: "shop" })] });

function start(...objects: readonly MeshObject[]) {
  const binding = new IncrementalBinding({ strictGrants: false });
  const nodes = new Map<string, Node>();
  const put = (...changed: readonly MeshObject[]) =>
    binding.apply(changed.map((object) => ({ kind: "upsert", object })));
  put(...objects);
  const { frontends, backends } = binding;
  return { binding, nodes, put, catalogue: new Catalogue({ frontends, backends, nodes }) };
}

describe("Catalogue", () => {
  it("has Frontends and Backends as they are bound", () => {
    const { binding, catalogue } = start(service(), route(), endpointSlice());
    const frontend = catalogue.frontend("10.0.0.1:80", "shop");
    assert.equal(frontend?.name, "10.0.0.1:80");
    assert.deepEqual(
      valueOf(decodeFrontend(frontend.name, frontend.bytes)),
      binding.frontends.get("10.0.0.1:80")?.producer,
    );
    const backend = catalogue.backend("shop/cart:80");
    assert.equal(backend?.name, "shop/cart:80");
    assert.equal(valueOf(decodeBackend(backend.name, backend.bytes)).endpoints.length, 1);
  });

  it("has nothing under other names", () => {
    const { catalogue } = start(service());
    assert.equal(catalogue.frontend("10.0.0.1:81", "shop"), undefined);
    assert.equal(catalogue.backend("shop/other:80"), undefined);
  });

  it("encodes once for all that get the same", () => {
    const { catalogue, put } = start(service(), route(), consumer);
    const frontend = (namespace: string) => catalogue.frontend("10.0.0.1:80", namespace);
    const [shop, test, backend] = [frontend("shop"), frontend("test"), catalogue.backend("shop/cart:80")];
    assert.equal(frontend("other"), shop);
    assert.notEqual(test?.version, shop?.version);
    put(route({ meta: { generation: 9 }, rules: [] }));
    assert.notEqual(frontend("shop")?.version, shop?.version);
    assert.equal(frontend("test"), test);
    assert.equal(catalogue.backend("shop/cart:80"), backend);
    put(endpointSlice());
    assert.notEqual(catalogue.backend("shop/cart:80")?.version, backend?.version);
  });

  it("has the same versions wherever it runs", () => {
    const objects = [service(), route(), consumer, endpointSlice()];
    const [one, other] = [start(...objects), start(...objects.toReversed())];
    for (const namespace of ["shop", "test"]) {
      assert.deepEqual(
        one.catalogue.frontend("10.0.0.1:80", namespace),
        other.catalogue.frontend("10.0.0.1:80", namespace),
      );
    }
    assert.deepEqual(one.catalogue.backend("shop/cart:80"), other.catalogue.backend("shop/cart:80"));
  });

  it("tells sidecars where they are, as far as that is known", () => {
    const { catalogue, nodes } = start();
    const self = (identity: { node?: string }) => valueOf(decodeSelf("self", catalogue.self(identity).bytes));
    assert.deepEqual(self({}), {});
    assert.deepEqual(self({ node: "a" }), { node: "a" });
    nodes.set("a", { kind: "Node", meta: meta(), zone: "eu-1" });
    assert.deepEqual(self({ node: "a" }), { node: "a", zone: "eu-1" });
    assert.equal(catalogue.self({ node: "a" }), catalogue.self({ node: "a" }));
  });
});
