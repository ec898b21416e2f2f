import assert from "node:assert/strict";
import { setClock } from "../support/fake-clock.ts";
import { FaultScene } from "../support/fault-scene.ts";

describe("clocks jump", function suite() {
  this.timeout("4m");
  let scene: FaultScene;
  let revision = 1;

  before(async () => {
    scene = await FaultScene.start({ hasFakeClock: true });
  });
  after(async () => (scene as FaultScene | undefined)?.[Symbol.asyncDispose]());

  async function assertFollows(): Promise<void> {
    revision++;
    await scene.rollOut("one", String(revision));
    await scene.answeredBy(String(revision));
    await scene.assertUnharmed();
  }

  const cases = [
    { name: "those of the controllers two hours ahead", controllers: "+2h", sidecar: "+0" },
    { name: "and back, to two hours behind", controllers: "-2h", sidecar: "+0" },
    { name: "that of the sidecar two hours ahead", controllers: "+0", sidecar: "+2h" },
    { name: "and back, to two hours behind", controllers: "+0", sidecar: "-2h" },
  ];
  for (const { name, controllers, sidecar } of cases) {
    it(name, async () => {
      for (const { uid } of await scene.mesh.controllers()) await setClock(uid, "controller", controllers);
      await setClock(scene.load.uid, "eastbound-proxy", sidecar);
      await assertFollows();
    });
  }

  it("knows the endpoints when all clocks are right again", async () => {
    for (const { uid } of await scene.mesh.controllers()) await setClock(uid, "controller", "+0");
    await setClock(scene.load.uid, "eastbound-proxy", "+0");
    await scene.load.untilMetric("eastbound_discovery_connected", (value) => value === 1);
    const resends = await scene.clusterIpResends();
    await assertFollows();
    assert.equal(await scene.clusterIpResends(), resends);
  });
});
