import assert from "node:assert/strict";
import { type StubService, stubRule } from "../support/stub-controller.ts";
import { CapturedNetwork } from "./captured-network.ts";
import type { NamespaceController } from "./namespace-controller.ts";

function response(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

const endpoint = (port: number) => ({ address: "192.0.2.1", port });

const v1: StubService = { name: "v1", address: "10.96.7.1", port: 80, endpoints: [endpoint(8081)] };
const v2: StubService = { name: "v2", address: "10.96.7.2", port: 80, endpoints: [endpoint(8082)] };
const web: StubService = {
  name: "web",
  address: "10.96.7.9",
  port: 80,
  endpoints: [],
  rules: [stubRule("/", v1)],
};
const web6: StubService = { ...web, address: "fd00:10:96::9", name: "web6", rules: [stubRule("/", v2)] };
const database: StubService = {
  name: "db",
  address: "10.96.7.3",
  port: 3306,
  protocol: "opaque",
  endpoints: [endpoint(3306)],
};
/** Nobody listens at its endpoint, and the node leads its ClusterIP to where somebody does. */
const moved: StubService = { name: "moved", address: "10.96.0.60", port: 80, endpoints: [endpoint(9)] };

const passedThrough = (reason: string): string =>
  `eastbound_passthrough_connections_total{reason="${reason}"}`;

describe("eastbound proxy --controller behind iptables", () => {
  let captured: CapturedNetwork;
  let controller: NamespaceController;

  beforeEach(async () => {
    captured = await CapturedNetwork.create("nft");
    const { agent } = captured;
    await agent.listen("192.0.2.1", 8081, response("one"));
    await agent.listen("192.0.2.1", 8082, response("two"));
    await agent.listen("192.0.2.1", 3306, "server first");
    await agent.listen("10.96.0.50", 80, response("passed through"));
    await agent.listen("10.96.0.60", 80, response("by the node"));
    controller = await captured.startController();
    await controller.put(v1, v2, web, web6, database, moved);
  });
  afterEach(() => captured[Symbol.asyncDispose]());

  const startConnected = async () => {
    const proxy = await captured.start(...controller.flags);
    await proxy.logged("connected to the controller");
    return proxy;
  };

  it("routes the first connection to a Service, of either family, and the next ones", async () => {
    await startConnected();
    for (let n = 0; n < 3; n++) {
      assert.equal(await captured.get("10.96.7.9", 80), "one");
      assert.equal(await captured.get("fd00:10:96::9", 80), "two");
      const { received } = await captured.agent.talk("10.96.7.3", 3306);
      assert.equal(received, "server first");
    }
    assert.equal(await captured.metric(passedThrough("unknown_destination")), Number.NaN);
    assert.equal(await captured.metric(passedThrough("not_learned")), Number.NaN);
    assert.equal(await captured.metric('eastbound_discovery_learning_seconds_count{result="learned"}'), 3);
  });

  it("passes through what the controller does not know, and asks it once", async () => {
    await startConnected();
    assert.equal(await captured.get("10.96.0.50", 80), "passed through");
    assert.equal(await captured.get("10.96.0.50", 80), "passed through");
    assert.equal(await captured.metric(passedThrough("unknown_destination")), 2);
    const asked = 'eastbound_discovery_learning_seconds_count{result="unknown_destination"}';
    assert.equal(await captured.metric(asked), 1);
  });

  it("follows what is pushed", async () => {
    await startConnected();
    assert.equal(await captured.get("10.96.7.9", 80), "one");
    await controller.put({ ...web, rules: [stubRule("/", v2)] });
    while ((await captured.get("10.96.7.9", 80)) !== "two") continue;
    await controller.put({ ...v2, endpoints: [endpoint(8081)] });
    while ((await captured.get("10.96.7.9", 80)) !== "one") continue;
  });

  it("goes on without the controller: what it knows is routed, all else passed through", async () => {
    const proxy = await startConnected();
    assert.equal(await captured.get("10.96.7.9", 80), "one");
    await controller.kill();
    await proxy.logged("the connection to the controller is lost; what was learned stays in force");
    assert.equal(await captured.get("10.96.7.9", 80), "one");
    assert.equal(await captured.get("10.96.0.50", 80), "passed through");
    assert.equal(await captured.metric(passedThrough("not_learned")), 1);
  });

  it("sends to the ClusterIP what no endpoint takes, with the controller and without", async () => {
    const proxy = await startConnected();
    const resends =
      'eastbound_resends_total{service_namespace="shop",service="moved",port="80",reason="cluster_ip"}';
    assert.equal(await captured.get("10.96.0.60", 80), "by the node");
    assert.equal(await captured.metric(resends), 1);
    await controller.kill();
    await proxy.logged("the connection to the controller is lost; what was learned stays in force");
    assert.equal(await captured.get("10.96.0.60", 80), "by the node");
    assert.equal(await captured.metric(resends), 2);
  });

  it("routes after a restart what it knew, with no controller", async () => {
    const first = await startConnected();
    assert.equal(await captured.get("10.96.7.9", 80), "one");
    first.signal("SIGTERM");
    assert.equal(await first.ended, 0);
    await controller.kill();
    await captured.start(...controller.flags);
    assert.equal(await captured.get("10.96.7.9", 80), "one");
    assert.equal(await captured.metric(passedThrough("not_learned")), Number.NaN);
  });
});
