import assert from "node:assert/strict";
import { FaultScene } from "../support/fault-scene.ts";

describe("all controllers are killed", function suite() {
  this.timeout("4m");
  let scene: FaultScene;

  before(async () => {
    scene = await FaultScene.shared();
    await scene.mesh.killAll();
  });

  it("reaches a backend whose endpoints are all new by the Services' own addresses", async () => {
    const resends = await scene.clusterIpResends();
    await scene.rollOut("one");
    await scene.rollOut("two");
    await scene.assertUnharmed({ least: 60 });
    assert.ok((await scene.clusterIpResends()) > resends);
    assert.equal(await scene.load.metric("eastbound_discovery_connected"), 0);
  });

  it("routes by its snapshot after the sidecar was restarted", async () => {
    await scene.restartSidecar();
    await scene.assertUnharmed({ least: 60 });
    assert.equal(await scene.load.metric("eastbound_discovery_connected"), 0);
  });

  it("knows the endpoints again once a controller is back", async () => {
    await scene.mesh.scale(2);
    await scene.load.untilMetric("eastbound_discovery_connected", (value) => value === 1, {
      timeoutMs: 90_000,
    });
    await scene.assertUnharmed({ least: 60 });
    const resends = await scene.clusterIpResends();
    await scene.rollOut("one");
    await scene.assertUnharmed();
    assert.equal(await scene.clusterIpResends(), resends);
  });
});
