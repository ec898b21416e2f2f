import assert from "node:assert/strict";
import { FaultScene } from "../support/fault-scene.ts";
import { silenceConnections } from "../support/silent-connections.ts";

/** The API server as pods see it. */
const API_SERVER = "10.96.0.1:443";

describe("the watches of all controllers stall without a word", function suite() {
  this.timeout("5m");
  let scene: FaultScene;

  before(async () => {
    scene = await FaultScene.shared();
  });

  it("loses no request while all endpoints of a backend are replaced", async () => {
    for (const { uid } of await scene.mesh.controllers()) {
      const silent = await silenceConnections(uid, "controller", API_SERVER);
      assert.ok(silent.count > 0);
    }
    await scene.rollOut("one");
    await scene.assertUnharmed({ least: 150 });
  });

  it("notices, and follows endpoints again", async () => {
    const end = performance.now() + 200_000;
    let resends = -1;
    while (resends !== (await scene.clusterIpResends())) {
      assert.ok(performance.now() < end, "endpoints are known again");
      resends = await scene.clusterIpResends();
      await scene.load.after(60);
    }
    await scene.rollOut("one");
    await scene.assertUnharmed();
    assert.equal(await scene.clusterIpResends(), resends);
  });

  it("has a leader again, who writes status", async () => {
    const route = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "late" },
    };
    const spec = { parentRefs: [{ group: "", kind: "Service", name: "plain" }] };
    await scene.namespace.apply([{ ...route, spec }]);
    await scene.namespace.until(
      route.apiVersion,
      route.kind,
      route.metadata.name,
      (found) => (found?.["status"] as { parents?: readonly unknown[] } | undefined)?.parents?.length === 1,
      { what: "have a status", timeoutMs: 60_000 },
    );
  });
});
