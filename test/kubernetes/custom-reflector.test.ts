import assert from "node:assert/strict";
import { ApiError } from "../../src/kubernetes/api-error.ts";
import { type CustomReflector, startCustomReflector } from "../../src/kubernetes/custom-reflector.ts";
import { Surroundings } from "./reflector-harness.ts";
import { bookmark, rawObject, settled } from "./scripted-api.ts";

const DEFINITIONS = "customresourcedefinitions";
const ROUTES = "httproutes";

interface DefinitionShape {
  readonly resourceVersion?: string;
  readonly uid?: string;
  readonly established?: string;
}

/** A CRD that serves these versions, and has the others. */
function definition(served: readonly string[], shape: DefinitionShape = {}): object {
  const { resourceVersion = "5", uid = "first", established = "True" } = shape;
  const versions = ["v1alpha2", "v1beta1", "v1"].map((name) => ({ name, served: served.includes(name) }));
  const conditions = [
    { type: "NamesAccepted", status: "True" },
    { type: "Established", status: established },
  ];
  const metadata = { name: "httproutes.gateway.networking.k8s.io", resourceVersion, uid };
  return { metadata, spec: { versions }, status: { conditions } };
}

/** A reflector of HTTPRoutes that has just begun. */
class CustomScene extends Surroundings {
  readonly reflector: CustomReflector = startCustomReflector<string>({
    ...this.base,
    group: "gateway.networking.k8s.io",
    plural: ROUTES,
    versions: ["v1", "v1beta1"],
    isSame: (before, after) => before === after,
  });

  /** One that follows v1 and holds `a`, with the watch of the CRD. */
  static async following(): Promise<{
    readonly scene: CustomScene;
    readonly definitions: ReturnType<CustomScene["api"]["nextWatch"]>;
  }> {
    const scene = new CustomScene();
    const list = scene.api.nextList(DEFINITIONS);
    list.items(definition(["v1", "v1beta1"]));
    await list.end("10");
    const routes = scene.api.nextList(ROUTES);
    routes.items(rawObject("a", "3"));
    await routes.end("11");
    scene.takeBatches();
    return { scene, definitions: scene.api.nextWatch(DEFINITIONS) };
  }
}

describe("custom reflector", () => {
  it("looks at the one CRD", async () => {
    const scene = new CustomScene();
    assert.deepEqual(scene.api.nextList().request, {
      resource: { group: "apiextensions.k8s.io", version: "v1", plural: DEFINITIONS },
      fieldSelector: "metadata.name=httproutes.gateway.networking.k8s.io",
      limit: 500,
    });
    scene.api.assertNothingAsked();
    assert.equal(scene.reflector.isSynced, false);
    await scene.reflector.stop();
  });

  it("is in sync without objects where there is no CRD", async () => {
    const scene = new CustomScene();
    await scene.api.nextList(DEFINITIONS).end("10");
    await scene.reflector.synced;
    assert.equal(scene.reflector.isSynced, true);
    assert.equal(scene.reflector.version, undefined);
    assert.equal(scene.reflector.statistics.state, "absent");
    assert.deepEqual(scene.takeBatches(), []);
    scene.api.nextWatch(DEFINITIONS);
    scene.api.assertNothingAsked();
    await scene.reflector.stop();
  });

  const absent = [
    { name: "serves none of the versions", crd: definition(["v1alpha2"]) },
    { name: "is not established", crd: definition(["v1"], { established: "False" }) },
    {
      name: "has no status yet",
      crd: { metadata: { name: "x", resourceVersion: "5" }, spec: { versions: 7 } },
    },
  ];
  for (const { name, crd } of absent) {
    it(`is in sync without objects where the CRD ${name}`, async () => {
      const scene = new CustomScene();
      const list = scene.api.nextList(DEFINITIONS);
      list.items(crd);
      await list.end("10");
      await scene.reflector.synced;
      assert.equal(scene.reflector.statistics.state, "absent");
      await scene.reflector.stop();
    });
  }

  const choices = [
    { served: ["v1alpha2", "v1beta1", "v1"], version: "v1" },
    { served: ["v1alpha2", "v1beta1"], version: "v1beta1" },
    { served: ["v1"], version: "v1" },
  ];
  for (const { served, version } of choices) {
    it(`follows ${version} of ${served.join(", ")}, and is in sync once that is listed`, async () => {
      const scene = new CustomScene();
      const list = scene.api.nextList(DEFINITIONS);
      list.items(definition(served));
      await list.end("10");
      const routes = scene.api.nextList(ROUTES);
      const resource = { group: "gateway.networking.k8s.io", version, plural: ROUTES };
      assert.deepEqual(routes.request, { resource, limit: 500 });
      assert.equal(scene.reflector.isSynced, false);
      routes.items(rawObject("a", "3"));
      await routes.end("11");
      await scene.reflector.synced;
      assert.equal(scene.reflector.isSynced, true);
      assert.equal(scene.reflector.version, version);
      assert.deepEqual(scene.takeBatches(), [["+shop/a=a"]]);
      assert.deepEqual(scene.states, ["watching"]);
      await scene.reflector.stop();
    });
  }

  it("begins when the CRD appears", async () => {
    const scene = new CustomScene();
    await scene.api.nextList(DEFINITIONS).end("10");
    const watch = scene.api.nextWatch(DEFINITIONS);
    await watch.send(["ADDED", definition(["v1"], { established: "False" })]);
    scene.api.assertNothingAsked();
    await watch.send(["MODIFIED", definition(["v1"], { resourceVersion: "6" })]);
    const routes = scene.api.nextList(ROUTES);
    routes.items(rawObject("a", "3"));
    await routes.end("11");
    assert.deepEqual(scene.takeBatches(), [["+shop/a=a"]]);
    assert.deepEqual(scene.states, ["absent", "listing", "watching"]);
    await scene.reflector.stop();
  });

  it("drops all objects when the CRD vanishes, and begins anew when it is back", async () => {
    const { scene, definitions } = await CustomScene.following();
    const routes = scene.api.nextWatch(ROUTES);
    await definitions.send(["DELETED", definition(["v1"], { resourceVersion: "12" })]);
    assert.deepEqual(scene.takeBatches(), [["-shop/a"]]);
    assert.equal(routes.signal.aborted, true);
    assert.equal(scene.reflector.statistics.state, "absent");
    assert.equal(scene.reflector.statistics.objects, 0);
    assert.equal(scene.reflector.isSynced, true);
    await definitions.send(["ADDED", definition(["v1"], { resourceVersion: "13", uid: "second" })]);
    const again = scene.api.nextList(ROUTES);
    again.items(rawObject("b", "14"));
    await again.end("15");
    assert.deepEqual(scene.takeBatches(), [["+shop/b=b"]]);
    await scene.reflector.stop();
  });

  it("keeps what it holds until another version is listed, and hands over what differs", async () => {
    const { scene, definitions } = await CustomScene.following();
    const old = scene.api.nextWatch(ROUTES);
    await old.send(["ADDED", rawObject("b", "12")], ["ADDED", rawObject("c", "13")]);
    scene.takeBatches();
    await definitions.send(["MODIFIED", definition(["v1beta1"], { resourceVersion: "14" })]);
    assert.equal(old.signal.aborted, true);
    assert.equal(scene.reflector.version, "v1beta1");
    assert.deepEqual(scene.takeBatches(), []);
    const list = scene.api.nextList(ROUTES);
    assert.equal(list.request.resource.version, "v1beta1");
    list.items(rawObject("a", "3"), rawObject("b", "12", { value: "reads otherwise" }));
    await list.end("20");
    assert.deepEqual(scene.takeBatches(), [["-shop/c", "+shop/b=reads otherwise"]]);
    assert.equal(scene.reflector.statistics.state, "watching");
    await scene.reflector.stop();
  });

  it("begins anew when another CRD has taken the name unseen", async () => {
    const { scene, definitions } = await CustomScene.following();
    scene.api.nextWatch(ROUTES);
    await definitions.send(["MODIFIED", definition(["v1"], { resourceVersion: "14", uid: "second" })]);
    await scene.api.nextList(ROUTES).end("20");
    assert.deepEqual(scene.takeBatches(), [["-shop/a"]]);
    await scene.reflector.stop();
  });

  it("goes on undisturbed when something else of the CRD changes", async () => {
    const { scene, definitions } = await CustomScene.following();
    const routes = scene.api.nextWatch(ROUTES);
    await definitions.send(["MODIFIED", definition(["v1", "v1beta1"], { resourceVersion: "14" })]);
    await definitions.send(["MODIFIED", definition(["v1", "v1alpha2"], { resourceVersion: "15" })]);
    assert.equal(routes.signal.aborted, false);
    scene.api.assertNothingAsked();
    await scene.reflector.stop();
  });

  it("keeps what it holds while the resource is not found although its CRD is there", async () => {
    const { scene } = await CustomScene.following();
    const notFound = new ApiError("the server could not find the requested resource", {
      status: 404,
      reason: "NotFound",
    });
    await scene.api.nextWatch(ROUTES).fail(notFound);
    await scene.pass(150);
    await scene.api.nextUnopened(ROUTES).fail(notFound);
    assert.deepEqual(scene.takeBatches(), []);
    await scene.pass(300);
    await scene.api.nextWatch(ROUTES).send(bookmark("12"));
    assert.equal(scene.reflector.statistics.objects, 1);
    await scene.reflector.stop();
  });

  it("is not in sync while the first list fails, or the CRD can't be looked at", async () => {
    const forbidden = new ApiError("not allowed", { status: 403, reason: "Forbidden" });
    const scene = new CustomScene();
    await scene.api.nextList(DEFINITIONS).fail(forbidden);
    assert.equal(scene.reflector.definition.lastError, "not allowed");
    await scene.pass(150);
    const list = scene.api.nextList(DEFINITIONS);
    list.items(definition(["v1"]));
    await list.end("10");
    await scene.api.nextList(ROUTES).fail(forbidden);
    assert.equal(scene.reflector.isSynced, false);
    await scene.pass(150);
    await scene.api.nextList(ROUTES).end("11");
    assert.equal(scene.reflector.isSynced, true);
    await scene.reflector.stop();
  });

  it("is in sync when the CRD vanishes before it was listed", async () => {
    const scene = new CustomScene();
    const list = scene.api.nextList(DEFINITIONS);
    list.items(definition(["v1"]));
    await list.end("10");
    const routes = scene.api.nextList(ROUTES);
    await scene.api.nextWatch(DEFINITIONS).send(["DELETED", definition(["v1"], { resourceVersion: "11" })]);
    assert.equal(routes.signal.aborted, true);
    assert.equal(scene.reflector.isSynced, true);
    await scene.reflector.stop();
  });

  it("stops with all that it started", async () => {
    const { scene, definitions } = await CustomScene.following();
    const routes = scene.api.nextWatch(ROUTES);
    await scene.reflector.stop();
    await settled();
    assert.equal(definitions.signal.aborted, true);
    assert.equal(routes.signal.aborted, true);
    assert.equal(scene.reflector.statistics.state, "stopped");
    assert.deepEqual(scene.takeBatches(), []);
    assert.equal(scene.clock.timers, 0);
    scene.api.assertNothingAsked();
  });
});
