import assert from "node:assert/strict";
import { jsonChunks } from "../../../src/admin/json-chunks.ts";
import { IncrementalBinding } from "../../../src/binding/incremental-binding.ts";
import { describeConfig } from "../../../src/cli/controller/controller-config.ts";
import { Catalogue } from "../../../src/controller/catalogue.ts";
import type { Reflector } from "../../../src/kubernetes/reflector.ts";
import { emptyStatistics } from "../../../src/kubernetes/reflector-statistics.ts";
import { parent, route, service } from "../../binding/build.ts";

type Described = Readonly<Record<string, string>>;

const reflector = (more: object, statistics: object = {}): Reflector => ({
  synced: Promise.resolve(),
  isSynced: true,
  statistics: { ...emptyStatistics(), ...statistics },
  stop: () => Promise.resolve(),
  ...more,
});

describe("/config of a controller", () => {
  it("tells what is watched, what is in force and what is wrong", () => {
    const binding = new IncrementalBinding({ strictGrants: false });
    const consumer = route({
      meta: { namespace: "test", name: "b" },
      parentRefs: [parent({ namespace: "shop" })],
    });
    const objects = [service({ clusterIPs: ["10.0.0.2", "10.0.0.1"] }), route(), consumer];
    binding.apply(objects.map((object) => ({ kind: "upsert", object })));
    const { frontends, backends } = binding;
    const catalogue = new Catalogue({ frontends, backends, nodes: new Map() });
    const unreadable = [{ object: "Service shop/a", problems: [] }];
    const described = describeConfig({
      reflectors: new Map([
        ["Service", reflector({}, { state: "watching", objects: 1, lastHeardMs: 1_000 })],
        ["HTTPRoute", reflector({ version: "v1" })],
      ]),
      unreadable,
      binding,
      catalogue,
      now: () => 4_400,
    });
    const config = JSON.parse([...jsonChunks(described)].join("")) as Readonly<Record<string, Described[]>>;
    assert.deepEqual(Object.keys(config), [
      "reflectors",
      "unreadable",
      "problems",
      "routes",
      "frontends",
      "backends",
    ]);
    assert.deepEqual(config["reflectors"], [
      { kind: "Service", state: "watching", isSynced: true, objects: 1, errors: 0, lastHeardSeconds: 3 },
      { kind: "HTTPRoute", version: "v1", state: "listing", isSynced: true, objects: 0, errors: 0 },
    ]);
    assert.deepEqual(config["unreadable"], unreadable);
    assert.deepEqual(
      config["routes"]?.map(({ namespace, name }) => `${namespace}/${name}`),
      ["shop/cart-route", "test/b"],
    );
    assert.deepEqual(
      config["frontends"]?.map(({ name, clients }) => `${name} ${clients}`),
      ["10.0.0.1:80 all", "10.0.0.1:80 test", "10.0.0.2:80 all", "10.0.0.2:80 test"],
    );
    const [frontend, own] = config["frontends"] ?? [];
    assert.equal(frontend?.["version"], catalogue.frontend("10.0.0.1:80", "shop")?.version);
    assert.equal(own?.["version"], catalogue.frontend("10.0.0.1:80", "test")?.version);
    assert.deepEqual(
      config["backends"]?.map(({ name, version }) => [name, version]),
      [["shop/cart:80", catalogue.backend("shop/cart:80")?.version]],
    );
  });
});
