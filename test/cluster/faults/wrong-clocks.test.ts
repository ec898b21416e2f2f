import assert from "node:assert/strict";
import { setClock } from "../support/fake-clock.ts";
import { FaultScene } from "../support/fault-scene.ts";
import { CONTROLLER_NAMESPACE } from "../support/mesh.ts";

const HOUR_MS = 3_600_000;

const lease = {
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  name: "eastbound-controller",
  namespace: CONTROLLER_NAMESPACE,
};

const secret = { apiVersion: "v1", kind: "Secret", name: "eastbound-trust", namespace: CONTROLLER_NAMESPACE };

describe("clocks jump", function suite() {
  this.timeout("5m");
  let scene: FaultScene;
  let trust: unknown;

  before(async () => {
    scene = await FaultScene.start({ hasFakeClock: true, proxy: ["--access-log", "json"] });
    trust = (await scene.mesh.objects.read(secret))?.["data"];
  });
  after(async () => (scene as FaultScene | undefined)?.[Symbol.asyncDispose]());

  async function setClocks(controllerHours: number, sidecarHours: number): Promise<void> {
    for (const { uid } of await scene.mesh.controllers()) {
      await setClock(uid, "controller", `${controllerHours < 0 ? "" : "+"}${controllerHours}h`);
    }
    await setClock(scene.load.uid, "eastbound-proxy", `${sidecarHours < 0 ? "" : "+"}${sidecarHours}h`);
  }

  function isOff(time: string | undefined, hours: number): boolean {
    return Math.abs(Date.parse(time ?? "") - Date.now() - hours * HOUR_MS) < HOUR_MS / 10;
  }

  /** That the leader's clock is off by so much, by what it writes down. */
  async function leaderIsOff(hours: number): Promise<void> {
    await scene.mesh.objects.until(
      lease,
      (found) => isOff((found?.["spec"] as { readonly renewTime?: string } | undefined)?.renewTime, hours),
      { what: `be renewed with a clock that is ${hours} h off`, timeoutMs: 60_000 },
    );
    // It looks at its certificates each minute, and when their Secret changes.
    await scene.mesh.objects.patch(secret, { metadata: { annotations: { hours: String(hours) } } });
  }

  /** All endpoints of a backend are replaced, and no request fails. */
  async function assertServes(): Promise<void> {
    await scene.rollOut("one");
    await scene.assertUnharmed();
  }

  const cases = [
    { name: "those of the controllers two hours ahead", controllers: 2, sidecar: 0 },
    { name: "and back, to two hours behind", controllers: -2, sidecar: 0 },
    { name: "that of the sidecar two hours ahead", controllers: 0, sidecar: 2 },
    { name: "and back, to two hours behind", controllers: 0, sidecar: -2 },
    { name: "those of the controllers beyond the life of every certificate", controllers: 9600, sidecar: 0 },
  ];
  for (const { name, controllers, sidecar } of cases) {
    it(name, async () => {
      await setClocks(controllers, sidecar);
      await leaderIsOff(controllers);
      await assertServes();
      const [last = ""] = (await scene.load.sidecarLog(1)).slice(-1);
      const { time } = JSON.parse(last) as { readonly time: string };
      assert.ok(isOff(time, sidecar), `the sidecar's clock says ${time}`);
    });
  }

  it("knows the endpoints when all clocks are right again", async () => {
    await setClocks(0, 0);
    await leaderIsOff(0);
    await scene.load.untilMetric("eastbound_discovery_connected", (value) => value === 1, {
      timeoutMs: 150_000,
    });
    await scene.assertUnharmed();
    assert.deepEqual(
      (await scene.mesh.objects.read(secret))?.["data"],
      trust,
      "certificates were left alone",
    );
    const resends = await scene.clusterIpResends();
    await assertServes();
    assert.equal(await scene.clusterIpResends(), resends);
  });
});
