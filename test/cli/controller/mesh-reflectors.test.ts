import assert from "node:assert/strict";
import { identityOf } from "../../../src/binding/bindable-object.ts";
import { MeshReflectors } from "../../../src/cli/controller/mesh-reflectors.ts";
import type { ObservedRoute } from "../../../src/controller/status/observed-route.ts";
import { ScriptedApi, settled } from "../../kubernetes/scripted-api.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const GATEWAY = "gateway.networking.k8s.io";

let version = 0;
const metadata = (name: string, namespace = "shop") => ({
  name,
  namespace,
  resourceVersion: String(++version),
  generation: 3,
});
const serviceOf = (name: string, port: unknown = 80) => ({
  metadata: metadata(name),
  spec: { clusterIP: "10.0.0.1", ports: [{ name: "http", port }] },
});
const routeOf = (name: string, rules?: unknown) => ({
  metadata: metadata(name),
  spec: {
    parentRefs: [{ group: "", kind: "Service", name: "cart" }],
    ...(rules === undefined ? {} : { rules }),
  },
});
const definition = (plural: string) => ({
  metadata: { name: `${plural}.${GATEWAY}`, resourceVersion: "1", uid: plural },
  spec: { versions: [{ name: "v1", served: true }] },
  status: { conditions: [{ type: "Established", status: "True" }] },
});

function start(strictGrants = false) {
  const api = new ScriptedApi();
  const clock = new ManualClock();
  const changes: string[] = [];
  const routes: string[] = [];
  const absent: string[] = [];
  const warnings: unknown[] = [];
  const reflectors = new MeshReflectors({
    api,
    clock,
    random: () => 0.5,
    log: { info: () => undefined, warn: (_, fields) => warnings.push(fields), error: () => undefined },
    strictGrants,
    onChanges: (inputs) => {
      for (const input of inputs) {
        const { kind, namespace, name } = input.kind === "upsert" ? identityOf(input.object) : input.identity;
        const what = input.kind === "upsert" ? input.object.kind : kind;
        changes.push(`${input.kind} ${what} ${namespace}/${name}`);
      }
    },
    onRoute: (key: string, route: ObservedRoute | undefined) =>
      routes.push(`${key} ${route?.generation ?? "gone"}`),
    onAbsent: ({ plural }) => absent.push(plural),
  });
  return { api, reflectors, changes, routes, absent, warnings };
}

type Mesh = ReturnType<typeof start>;

async function list(mesh: Mesh, plural: string, ...items: readonly unknown[]): Promise<void> {
  const call = mesh.api.nextList(plural);
  call.items(...items);
  await call.end("100");
}

async function listAll(
  mesh: Mesh,
  ...kinds: readonly (readonly [string, readonly unknown[]])[]
): Promise<void> {
  for (const [plural, items] of kinds) await list(mesh, plural, ...items);
}

describe("MeshReflectors", () => {
  it("asks for what the mesh reads, for grants only where they count", async () => {
    const kinds = (strict: boolean) => [...start(strict).reflectors.reflectors.keys()];
    assert.deepEqual(kinds(false), ["Node", "Service", "EndpointSlice", "HTTPRoute"]);
    assert.deepEqual(kinds(true), ["Node", "Service", "EndpointSlice", "HTTPRoute", "ReferenceGrant"]);
    await settled();
  });

  it("is in sync once everything was listed, with no Gateway API too", async () => {
    const mesh = start();
    let isSynced = false;
    void mesh.reflectors.synced().then(() => {
      isSynced = true;
    });
    await listAll(mesh, ["nodes", []], ["endpointslices", []], ["services", [serviceOf("cart")]]);
    assert.equal(isSynced || mesh.reflectors.isSynced, false);
    await list(mesh, "customresourcedefinitions");
    await settled();
    assert.equal(isSynced && mesh.reflectors.isSynced, true);
    assert.deepEqual(mesh.changes, ["upsert Service shop/cart"]);
    assert.deepEqual(mesh.absent, ["httproutes"]);
    await mesh.reflectors.stop();
  });

  it("tells of routes as they are bound and as the API server has them", async () => {
    const mesh = start();
    await list(mesh, "customresourcedefinitions", definition("httproutes"));
    await list(mesh, "httproutes", routeOf("good"), routeOf("bad", "no list"));
    assert.deepEqual(mesh.changes, ["upsert HTTPRoute shop/good", "upsert InvalidHTTPRoute shop/bad"]);
    assert.deepEqual(mesh.routes, ["shop/good 3", "shop/bad 3"]);
    assert.deepEqual(
      mesh.reflectors.unreadable.map(({ object }) => object),
      ["HTTPRoute shop/bad"],
    );
    const watch = mesh.api.nextWatch("httproutes");
    await watch.send(["DELETED", routeOf("good")], ["MODIFIED", routeOf("bad")]);
    assert.deepEqual(mesh.changes.slice(2), ["delete HTTPRoute shop/good", "upsert HTTPRoute shop/bad"]);
    assert.deepEqual(mesh.routes.slice(2), ["shop/good gone", "shop/bad 3"]);
    assert.deepEqual(mesh.reflectors.unreadable, []);
    await mesh.reflectors.stop();
  });

  it("counts what it can't read as not there, and says so", async () => {
    const mesh = start();
    await list(mesh, "services", serviceOf("good"), serviceOf("bad", "http"), serviceOf("a", 0));
    assert.deepEqual(mesh.changes, [
      "upsert Service shop/good",
      "delete Service shop/bad",
      "delete Service shop/a",
    ]);
    assert.deepEqual(
      mesh.reflectors.unreadable.map(({ object, problems }) => [object, problems[0]?.path]),
      [
        ["Service shop/a", "spec.ports[0].port"],
        ["Service shop/bad", "spec.ports[0].port"],
      ],
    );
    assert.deepEqual(mesh.warnings[0], {
      object: "Service shop/bad",
      error: "spec.ports[0].port: must be a number, not a string",
    });
    const watch = mesh.api.nextWatch("services");
    await watch.send(["MODIFIED", serviceOf("bad")], ["DELETED", serviceOf("a", 0)]);
    assert.deepEqual(mesh.reflectors.unreadable, []);
    assert.deepEqual(mesh.changes.slice(3), ["upsert Service shop/bad", "delete Service shop/a"]);
    await mesh.reflectors.stop();
  });

  it("does not tell of an object again that says the same", async () => {
    const mesh = start();
    await list(mesh, "nodes", { metadata: { ...metadata("a", ""), namespace: undefined } });
    const watch = mesh.api.nextWatch("nodes");
    await watch.send([
      "MODIFIED",
      { metadata: { ...metadata("a", ""), namespace: undefined, labels: { x: "y" } } },
    ]);
    assert.deepEqual(mesh.changes, ["upsert Node /a"]);
    const labels = { "topology.kubernetes.io/zone": "eu-1" };
    await watch.send(["MODIFIED", { metadata: { ...metadata("a", ""), namespace: undefined, labels } }]);
    assert.deepEqual(mesh.changes, ["upsert Node /a", "upsert Node /a"]);
    await mesh.reflectors.stop();
  });
});
