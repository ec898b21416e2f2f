import assert from "node:assert/strict";
import { createMeshApi } from "../../../src/controller/status/mesh-api.ts";
import { MESH_FEATURES } from "../../../src/controller/status/mesh-features.ts";
import { MeshObject } from "../../../src/controller/status/mesh-object.ts";
import { statusPermissions } from "../../../src/controller/status/permissions.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { cluster } from "../support/cluster.ts";
import { installGatewayCrds } from "../support/gateway-crds.ts";
import { type AnyObject, ClusterObjects } from "../support/objects.ts";
import { RestrictedConfig } from "../support/restricted-config.ts";
import { TestNamespace } from "../support/test-namespace.ts";

const VERSION = "gateway.networking.x-k8s.io/v1alpha1";

interface MeshStatus {
  readonly conditions: readonly {
    readonly type: string;
    readonly status: string;
    readonly observedGeneration?: number;
  }[];
  readonly supportedFeatures?: readonly { readonly name: string }[];
}

function statusOf(mesh: AnyObject | undefined): MeshStatus | undefined {
  return mesh?.["status"] as MeshStatus | undefined;
}

function isAccepted(mesh: AnyObject | undefined): boolean {
  return (
    statusOf(mesh)?.conditions.some((each) => each.type === "Accepted" && each.status === "True") ?? false
  );
}

describe("XMesh on a real API server", () => {
  const mesh = (name: string, controllerName: string): AnyObject => ({
    apiVersion: VERSION,
    kind: "XMesh",
    metadata: { name },
    spec: { controllerName },
  });
  let objects: ClusterObjects;

  const until = (name: string, isWanted: (object: AnyObject | undefined) => boolean) =>
    objects.until({ apiVersion: VERSION, kind: "XMesh", name }, isWanted);

  const clean = async (): Promise<void> =>
    objects.delete(["eastbound", "status-ours", "status-theirs"].map((name) => mesh(name, "")));

  before(async () => {
    await installGatewayCrds("experimental", "xmeshes");
    objects = new ClusterObjects(cluster().config);
    await clean();
  });
  after(async () => clean());

  it("makes ours, accepts those of our name, leaves others alone", async () => {
    const theirs = mesh("status-theirs", "example.com/mesh");
    await objects.apply([mesh("status-ours", "eastbound.dev/controller"), theirs]);
    await using namespace = await TestNamespace.create("mesh");
    // With the permissions that are documented, and no others.
    await using restricted = await RestrictedConfig.create(namespace, statusPermissions);
    const ended = new AbortController();
    const silent = (): void => {};
    const object = new MeshObject({
      api: createMeshApi(restricted.config),
      clock: systemClock,
      random: Math.random,
      log: { info: silent, warn: silent, limited: silent },
      namespace: "eastbound-system",
    });
    const running = object.run(ended.signal, () => true);
    const ours = await until("eastbound", isAccepted);
    await until("status-ours", isAccepted);
    assert.deepEqual(
      statusOf(ours)?.supportedFeatures?.map(({ name }) => name),
      MESH_FEATURES,
    );
    assert.deepEqual(
      statusOf(ours)?.conditions.map(({ type, observedGeneration }) => [type, observedGeneration]),
      [["Accepted", 1]],
    );
    assert.equal(isAccepted(await until("status-theirs", () => true)), false);
    const { metadata } = ours ?? theirs;
    object.look();
    await objects.delete([mesh("eastbound", "")]);
    await until("eastbound", (found) => found === undefined || found.metadata.uid !== metadata.uid);
    object.look();
    await until("eastbound", isAccepted);
    ended.abort();
    await running;
  });

  it("answers for what is not there, and for calls that were given up", async () => {
    const api = createMeshApi(cluster().config);
    const { signal } = new AbortController();
    assert.equal((await api.patch("status-none", [], signal)).kind, "changed");
    assert.equal((await api.list(AbortSignal.abort())).kind, "failed");
  });
});
