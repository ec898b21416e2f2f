import assert from "node:assert/strict";
import type { ProxyProcess } from "../support/proxy-process.ts";
import { type StubService, stubRule } from "../support/stub-controller.ts";
import { CapturedNetwork } from "./captured-network.ts";
import type { NamespaceController } from "./namespace-controller.ts";
import type { NamespaceLoad } from "./namespace-load.ts";

const POD = "192.0.2.1";
const ENOUGH = 100;

/** Its ClusterIP is one that the node serves, as kube-proxy would. */
const web: StubService = {
  name: "web",
  address: "10.96.0.60",
  port: 80,
  endpoints: [{ address: POD, port: 8081 }],
};
const routed: StubService = { ...web, rules: [stubRule("/", web)] };

const passedThrough = (reason: string): string =>
  `eastbound_passthrough_connections_total{reason="${reason}"}`;
const resends = (reason: string): string =>
  `eastbound_resends_total{service_namespace="shop",service="web",port="80",reason="${reason}"}`;

describe("a pod under load that never sends a request twice loses none", function () {
  // A sidecar that could not connect for some time waits for up to ten seconds before it tries again.
  this.timeout(120_000);
  let captured: CapturedNetwork;
  let controller: NamespaceController;
  let load: NamespaceLoad;
  let proxy: ProxyProcess;

  beforeEach(async () => {
    captured = await CapturedNetwork.create("nft");
    controller = await captured.startController();
    load = await captured.startLoad();
    await load.beginPod(POD, 8081, "one");
    await load.beginPod("10.96.0.60", 80, "node");
    await controller.put(routed);
    proxy = await captured.start(...controller.flags);
    await proxy.logged("connected to the controller");
  });
  afterEach(() => captured[Symbol.asyncDispose]());

  const lose = async (): Promise<void> => {
    await controller.stop();
    while ((await captured.metric("eastbound_discovery_connected")) === 1) continue;
  };

  const find = async (): Promise<void> => {
    await controller.serve();
    while ((await captured.metric("eastbound_discovery_connected")) === 0) continue;
  };

  /** No failures, and all went by the sidecar's routes. */
  const assertWhole = async (): Promise<void> => {
    const { failures } = await load.end();
    assert.deepEqual(failures, []);
    for (const reason of ["not_learned", "unknown_destination"])
      assert.equal(await captured.metric(passedThrough(reason)), Number.NaN, reason);
  };

  it("when all controllers go, the backend is rolled out meanwhile, and one is back", async () => {
    await load.begin("10.96.0.60", 80);
    await load.answered("one", ENOUGH);
    await lose();
    await load.answered("one", ENOUGH);
    await load.beginPod(POD, 8082, "two");
    await load.endPod(POD, 8081);
    await load.answered("node", ENOUGH);
    assert.ok((await captured.metric(resends("cluster_ip"))) > 0);
    await controller.put({ ...routed, endpoints: [{ address: POD, port: 8082 }] });
    await find();
    await load.answered("two", ENOUGH);
    await assertWhole();
  });

  it("when the controller is away while some of the endpoints go", async () => {
    await load.beginPod(POD, 8082, "two");
    const both = [8081, 8082].map((port) => ({ address: POD, port }));
    await controller.put({ ...routed, endpoints: both });
    await load.begin("10.96.0.60", 80);
    await load.answered("one", ENOUGH);
    await load.answered("two", ENOUGH);
    await lose();
    await load.endPod(POD, 8081);
    await load.answered("two", 3 * ENOUGH);
    await find();
    await load.answered("two", ENOUGH);
    await assertWhole();
  });

  it("when the controller comes and goes again", async () => {
    await load.begin("10.96.0.60", 80);
    await load.answered("one", ENOUGH);
    for (let n = 0; n < 2; n++) {
      await lose();
      await load.answered("one", ENOUGH);
      await find();
      await load.answered("one", ENOUGH);
    }
    await assertWhole();
    assert.equal(await captured.metric(resends("cluster_ip")), Number.NaN);
  });
});
