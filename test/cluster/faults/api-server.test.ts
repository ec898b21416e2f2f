import { rig } from "../support/cluster.ts";
import { FaultScene } from "../support/fault-scene.ts";

describe("the API server is killed and comes back", function suite() {
  this.timeout("3m");
  let scene: FaultScene;

  before(async () => {
    scene = await FaultScene.shared();
  });

  it("goes on with what is known while it is away", async () => {
    await using held = await rig().hold("kube-apiserver");
    await scene.assertUnharmed({ least: 150 });
    await held.release();
    await scene.assertUnharmed();
  });

  it("follows endpoints again once it is back", async () => {
    await scene.kubernetesFollows();
    await scene.rollOut("one");
    await scene.assertUnharmed({ least: 60 });
  });
});
