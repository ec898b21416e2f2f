import assert from "node:assert/strict";
import { type StubService, stubRule } from "../support/stub-controller.ts";
import { Controlled } from "./controlled.ts";

const cart: StubService = {
  name: "cart",
  address: "10.96.0.1",
  port: 80,
  endpoints: [{ address: "10.0.0.1", port: 8080, zone: "a" }],
};
const web: StubService = {
  name: "web",
  address: "10.96.0.2",
  port: 80,
  endpoints: [],
  rules: [stubRule("/cart", cart)],
};

const endpoint = (address: string) => ({ address, port: 8080 });

describe("eastbound proxy --controller", function () {
  this.timeout(20_000);
  let mesh: Controlled;

  beforeEach(async () => {
    mesh = await Controlled.create();
    mesh.controller.put(cart, web);
  });
  afterEach(() => mesh[Symbol.asyncDispose]());

  it("is ready at once, says so, and knows nothing", async () => {
    const proxy = await mesh.serve();
    const { status, body } = await mesh.get("/ready", mesh.metricsAddress);
    assert.deepEqual([status, body], [200, "ready\n"]);
    await proxy.logged("connected to the controller");
    const { frontends, backends } = await mesh.config();
    assert.deepEqual([frontends, backends], [[], []]);
    proxy.signal("SIGTERM");
    assert.equal(await proxy.ended, 0);
  });

  it("is ready without the controller, and connects when it is there", async () => {
    await mesh.controller.stop();
    const proxy = await mesh.serve();
    assert.equal((await mesh.get("/ready")).status, 200);
    assert.equal((await mesh.config()).sources[0]?.isConnected, false);
    assert.match(await mesh.metrics(), /^eastbound_discovery_connected 0$/m);
    await mesh.controller.serve();
    await proxy.logged("connected to the controller");
  });

  it("learns a ClusterIP for who asks about it, with the Backends that its routes name", async () => {
    const proxy = await mesh.serve();
    await proxy.logged("connected to the controller");
    const { kind, winner, answer } = await mesh.explain("http://10.96.0.2/cart/items");
    assert.deepEqual(
      [kind, winner?.route, answer?.summary],
      ["explained", "shop/web", "forwarded to shop/cart:80"],
    );
    const { frontends, backends, sources } = await mesh.config();
    assert.deepEqual(
      frontends.map(({ name }) => name),
      ["10.96.0.2:80"],
    );
    assert.deepEqual(backends.map(({ name }) => name).sort(), ["shop/cart:80", "shop/web:80"]);
    assert.ok([...frontends, ...backends].every(({ version }) => /^\S{8,}$/.test(version)));
    assert.deepEqual(
      sources.map(({ kind: source, isConnected, errors }) => [source, isConnected, errors]),
      [["controller", true, []]],
    );
    assert.ok(Date.now() - Date.parse(sources[0]?.since ?? "") < 60_000);
    assert.equal((await mesh.explain("http://web.shop/cart")).winner?.route, "shop/web");
    assert.equal((await mesh.explain("http://web/cart", "&from=shop")).winner?.route, "shop/web");
  });

  it("says of what it has not learned that it has not", async () => {
    const proxy = await mesh.serve();
    await proxy.logged("connected to the controller");
    const byName = await mesh.explain("http://web.shop/");
    assert.deepEqual(
      [byName.status, byName.message],
      [404, "This sidecar has learned of no such Service yet: it learns of those that are dialled."],
    );
    const unknown = await mesh.explain("http://10.96.0.3/");
    assert.deepEqual([unknown.status, unknown.message], [404, "No Service has the address 10.96.0.3:80."]);
    assert.deepEqual((await mesh.config()).subscriptions, { waiting: [], unknown: ["10.96.0.3:80"] });
    const other = await mesh.explain("http://10.96.0.2/", "&from=other");
    assert.equal(other.status, 400);
    await mesh.controller.stop();
    await mesh.configUntil(({ sources }) => sources[0]?.isConnected === false);
    const late = await mesh.explain("http://10.96.0.9/");
    assert.deepEqual([late.status, late.message], [404, "The controller has not said what 10.96.0.9:80 is."]);
  });

  it("takes what is pushed, and counts it", async () => {
    const proxy = await mesh.serve();
    await proxy.logged("connected to the controller");
    await mesh.explain("http://10.96.0.1/");
    mesh.controller.put({ ...cart, endpoints: [endpoint("10.0.0.1"), endpoint("10.0.0.2")] });
    await mesh.configUntil(({ backends }) => backends[0]?.endpoints.length === 2);
    mesh.controller.remove(cart);
    await mesh.configUntil(({ frontends, backends }) => frontends.length + backends.length === 0);
    const metrics = await mesh.metrics();
    assert.match(metrics, /^eastbound_discovery_connected 1$/m);
    assert.match(metrics, /^eastbound_discovery_connections_total\{result="established"\} 1$/m);
    assert.match(metrics, /^eastbound_discovery_resources_total\{result="accepted"\} [4-9]$/m);
    assert.match(metrics, /^eastbound_discovery_resources_total\{result="rejected"\} 0$/m);
    assert.match(metrics, /^eastbound_discovery_known\{kind="frontend"\} 0$/m);
    assert.deepEqual(mesh.controller.nacks, []);
  });

  it("is where the controller says, and where the flags say till then", async () => {
    const rest = { trafficDistribution: "PreferSameZone" } as const;
    const endpoints = [
      { ...endpoint("10.0.0.1"), zone: "a" },
      { ...endpoint("10.0.0.2"), zone: "b" },
    ];
    mesh.controller.put({ ...cart, endpoints, fields: rest });
    await mesh.controller.stop();
    const proxy = await mesh.serve({ flags: ["--node", "n1", "--zone", "a"] });
    assert.deepEqual((await mesh.config()).client, { zone: "a", node: "n1" });
    mesh.controller.place({ node: "n2", zone: "b" });
    await mesh.controller.serve();
    await proxy.logged("connected to the controller");
    await mesh.configUntil(({ client }) => client.zone === "b");
    assert.deepEqual((await mesh.config()).client, { zone: "b", node: "n2" });
    const { backends } = await mesh.explain("http://10.96.0.1/");
    assert.match(backends?.[0]?.selection ?? "", /zone b/);
  });

  it("knows after a restart without the controller what it knew", async () => {
    const first = await mesh.serve();
    await first.logged("connected to the controller");
    await mesh.explain("http://10.96.0.2/");
    const before = await mesh.config();
    first.signal("SIGTERM");
    assert.equal(await first.ended, 0);
    await mesh.controller.stop();
    const second = await mesh.serve();
    assert.equal((await second.logged("serving"))["known_destinations"], 1);
    const { frontends, backends } = await mesh.config();
    assert.deepEqual([frontends, backends.length], [before.frontends, before.backends.length]);
    const { winner } = await mesh.explain("http://10.96.0.2/cart");
    assert.equal(winner?.route, "shop/web");
  });

  it("forgets what nobody uses", async () => {
    const proxy = await mesh.serve({
      flags: ["--config", await mesh.write("timeouts: { destinationIdle: 1s }")],
    });
    await proxy.logged("connected to the controller");
    await mesh.explain("http://10.96.0.2/");
    await mesh.configUntil(({ frontends, backends }) => frontends.length + backends.length === 0);
    const { winner } = await mesh.explain("http://10.96.0.2/cart");
    assert.equal(winner?.route, "shop/web");
  });
});
