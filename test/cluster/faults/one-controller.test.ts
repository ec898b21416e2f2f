import assert from "node:assert/strict";
import { FaultScene } from "../support/fault-scene.ts";

describe("the controller that a sidecar is connected to is killed, for a minute", function suite() {
  this.timeout("4m");
  let scene: FaultScene;

  before(async () => {
    scene = await FaultScene.shared();
  });

  it("follows endpoints by the other replica", async () => {
    const controllers = await scene.mesh.controllers();
    const configuration = await scene.load.admin("/config");
    const connected = controllers.find(({ address }) => configuration.includes(address));
    assert.ok(connected, configuration);
    const resends = await scene.clusterIpResends();
    const killedMs = performance.now();
    await scene.mesh.killOne(connected);
    await scene.rollOut("one");
    await scene.rollOut("two");
    while (performance.now() - killedMs < 60_000) await scene.load.after(60);
    await scene.assertUnharmed();
    assert.equal(await scene.load.metric("eastbound_discovery_connected"), 1);
    assert.equal(await scene.clusterIpResends(), resends, "endpoints were known all the time");
  });

  it("takes the replica back", async () => {
    await scene.mesh.scale(2);
    await scene.mesh.ready(2);
    await scene.assertUnharmed();
  });
});
