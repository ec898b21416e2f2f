import assert from "node:assert/strict";
import { createWatchApi } from "../../../src/kubernetes/http-api.ts";
import { apiResource, MESH_RESOURCES, meshReader } from "../../../src/kubernetes/mesh-reader.ts";
import { startReflector } from "../../../src/kubernetes/reflector.ts";
import { cluster, rig } from "../support/cluster.ts";
import { TestNamespace } from "../support/test-namespace.ts";
import { FollowedObjects } from "./followed-objects.ts";

const configMaps = { group: "", version: "v1", plural: "configmaps" };

function configMap(name: string, value: string): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { value } };
}

describe("reflectors while the API server is killed and starts again", () => {
  let namespace: TestNamespace;

  before(async () => {
    namespace = await TestNamespace.create("restart");
  });
  after(async () => namespace[Symbol.asyncDispose]());

  it("keep what they hold, say what failed, and hear of the next change", async function () {
    this.timeout(150_000);
    const api = createWatchApi(cluster().config);
    await namespace.apply([configMap("a", "1"), configMap("b", "1")]);
    await using followed = new FollowedObjects(api, (base) =>
      startReflector({ ...base, resource: configMaps, namespace: namespace.name }),
    );
    await using others = new AsyncDisposableStack();
    const builtIn = MESH_RESOURCES.filter(({ isCustom }) => !isCustom).map((resource) => {
      const start = new FollowedObjects(api, (base) =>
        startReflector({
          ...base,
          resource: apiResource(resource),
          read: (raw) => meshReader(resource)(raw)?.kind,
        }),
      );
      return others.use(start);
    });
    await Promise.all([followed, ...builtIn].map(({ reflector }) => reflector.synced));
    const own = (): string =>
      ["a", "b", "c"].map((name) => followed.objects.get(`${namespace.name}/${name}`) ?? "-").join();
    assert.equal(own(), "1,1,-");

    {
      await using server = await rig().hold("kube-apiserver");
      await followed.until("failures", () => followed.reflector.statistics.errors >= 3);
      assert.equal(own(), "1,1,-");
      await server.release();
    }
    await namespace.apply([configMap("a", "2"), configMap("c", "1")]);
    await namespace.delete([configMap("b", "1")]);
    await followed.until("the changes", () => own() === "2,-,1", 60_000);
    for (const each of builtIn) {
      await each.until("a watch that stands", () => each.reflector.statistics.state === "watching", 60_000);
    }
    const all = [followed, ...builtIn].map(({ reflector }) => reflector.statistics);
    assert.deepEqual(
      all.map(({ malformed, skipped, handlerErrors }) => malformed + skipped + handlerErrors),
      all.map(() => 0),
    );
  });
});
