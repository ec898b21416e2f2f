import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { freePorts } from "../support/loopback.ts";
import { prefixRule, routeManifest } from "../support/manifests.ts";
import { type NamedServer, startNamedServer } from "../support/named-server.ts";
import { Standalone } from "./standalone.ts";

describe("what eastbound proxy is told", function () {
  this.timeout(20_000);
  let web: NamedServer;
  let other: NamedServer;
  let mesh: Standalone;

  beforeEach(async () => {
    [web, other] = await Promise.all([startNamedServer("web"), startNamedServer("other")]);
    mesh = await Standalone.create();
    await mesh.write("web.yaml", ...mesh.manifests(1, "web", [web]));
  });
  afterEach(async () => {
    await mesh[Symbol.asyncDispose]();
    await Promise.all([web[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);
  });

  /** A route in another namespace that sends the clients of that namespace elsewhere. */
  const consumerRoute = () =>
    mesh.write(
      "consumer.yaml",
      ...mesh.manifests(2, "other", [other], { namespace: "shop" }),
      routeManifest({
        name: "consumer",
        namespace: "shop",
        parent: "web",
        parentNamespace: "default",
        rules: [prefixRule("/", "other", mesh.port(2))],
      }),
    );

  it("--namespace: whose consumer routes are in force", async () => {
    await consumerRoute();
    await mesh.serve({ flags: ["--namespace", "shop"] });
    assert.equal((await mesh.ask(1)).body, "other");
  });

  it("--namespace: default without it", async () => {
    await consumerRoute();
    await mesh.serve();
    assert.equal((await mesh.ask(1)).body, "web");
  });

  for (const { flags, status } of [
    { flags: [], status: 200 },
    { flags: ["--strict-grants"], status: 500 },
  ]) {
    it(`--strict-grants: ${flags.length === 0 ? "no grant needed without it" : "a grant needed"}`, async () => {
      const rule = prefixRule("/", "other", mesh.port(2));
      const across = { ...rule, backendRefs: [{ name: "other", namespace: "shop", port: mesh.port(2) }] };
      await mesh.write(
        "route.yaml",
        ...mesh.manifests(2, "other", [other], { namespace: "shop" }),
        routeManifest({ name: "across", parent: "web", rules: [across] }),
      );
      await mesh.serve({ flags });
      assert.equal((await mesh.ask(1)).status, status);
    });
  }

  it("--zone: endpoints with a hint for it are taken, others are not", async () => {
    await mesh.write(
      "web.yaml",
      ...mesh.manifests(1, "web", [
        { ...web, zone: "a", hintZones: ["a"] },
        { ...other, zone: "b", hintZones: ["b"] },
      ]),
    );
    await mesh.serve({ flags: ["--zone", "b"] });
    for (let round = 0; round < 20; round++) assert.equal((await mesh.ask(1)).body, "other");
  });

  it("--metrics: an address with three endpoints and no more", async () => {
    const [port = 0] = await freePorts(mesh.address, 1);
    await mesh.serve({ flags: ["--metrics", `${mesh.address}:${port}`] });
    const status = async (path: string) => (await mesh.client.ask({ host: mesh.address, port }, path)).status;
    assert.deepEqual(
      await Promise.all(["/metrics", "/ready", "/live", "/config", "/explain", "/drain"].map(status)),
      [200, 200, 200, 404, 404, 404],
    );
  });

  it("--metrics: says so where that address is taken, and ends with 1", async () => {
    const taken = `${mesh.address}:${mesh.admin.port}`;
    const proxy = mesh.start({ flags: ["--metrics", taken] });
    assert.equal(await proxy.ended, 1);
    const { error } = await proxy.logged("the proxy can't run");
    assert.equal(error, `--metrics ${taken} can't be bound: the address is in use`);
  });

  it("the admin address has all six endpoints", async () => {
    await mesh.serve();
    const { host, port } = mesh.service(1);
    const url = encodeURIComponent(`http://${host}:${port}/`);
    const paths = ["/metrics", "/ready", "/live", "/config", `/explain?url=${url}`];
    for (const path of paths) assert.equal((await mesh.client.ask(mesh.admin, path)).status, 200, path);
    assert.equal((await mesh.client.ask(mesh.admin, "/drain", { method: "POST" })).status, 202);
  });

  it("--access-log json: a line a request, with the fields of the contract", async () => {
    await mesh.write(
      "route.yaml",
      routeManifest({ name: "route", parent: "web", rules: [prefixRule("/", "web", mesh.port(1))] }),
    );
    const proxy = await mesh.serve({ flags: ["--access-log", "json"] });
    await mesh.ask(1, '/a"b?c=\u007e', { headers: { host: "web.test" } });
    await mesh.ask(1, "/second");
    const [first = ""] = await proxy.printed(2);
    const entry = JSON.parse(first) as Readonly<Record<string, unknown>>;
    const { time, duration_ms: duration, upstream_ms: upstream, bytes_sent: sent, ...rest } = entry;
    assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    for (const value of [duration, upstream, sent]) assert.ok(typeof value === "number" && value > 0, first);
    assert.deepEqual(rest, {
      service: `default/web:${mesh.port(1)}`,
      route: "default/route",
      rule: "0",
      backend: `default/web:${mesh.port(1)}`,
      endpoint: `127.0.0.1:${web.port}`,
      protocol: "http1",
      method: "GET",
      path: '/a"b?c=~',
      host: "web.test",
      status: 200,
      tries: 1,
      bytes_received: 0,
    });
    assert.equal(proxy.output.length, 2);
  });

  it("prints no access log without being told to", async () => {
    const proxy = await mesh.serve();
    await mesh.ask(1);
    proxy.signal("SIGTERM");
    await proxy.ended;
    assert.deepEqual(proxy.output, []);
  });

  const namings = [
    { name: "that a flag names", options: (path: string) => ({ flags: ["--config", path] }) },
    {
      name: "that the environment names",
      options: (path: string) => ({ environment: { EASTBOUND_CONFIG: path } }),
    },
  ];
  for (const { name, options } of namings) {
    it(`limits in a file ${name} are in force`, async () => {
      await mesh.folder.write("config.txt", "limits: {maxConnections: 2}\n");
      await mesh.serve(options(mesh.folder.at("config.txt")));
      const sockets = [1, 2].map(() => connect(mesh.port(1), mesh.address));
      await Promise.all(sockets.map((socket) => once(socket, "connect")));
      const { status, headers, body } = await mesh.askAlone(1);
      assert.equal(status, 503);
      assert.equal(
        headers["proxy-status"],
        'eastbound; error=connection_limit_reached; details="too many connections"',
      );
      assert.equal(body, "too many connections\n");
      for (const socket of sockets) socket.destroy();
    });
  }

  it("timeouts in the file are in force, and the environment wins over the file", async () => {
    await mesh.folder.write("config.txt", "drainTimeout: 20s\ntimeouts: {head: 100ms}\n");
    const proxy = await mesh.serve({
      flags: ["--config", mesh.folder.at("config.txt")],
      environment: { EASTBOUND_DRAIN_TIMEOUT: "7s" },
    });
    const socket = connect(mesh.port(1), mesh.address);
    socket.write("GET / HT");
    const [bytes] = (await once(socket, "data")) as [Buffer];
    assert.match(bytes.toString(), /^HTTP\/1\.1 408 /);
    socket.destroy();
    proxy.signal("SIGTERM");
    const { limit_ms: limit } = await proxy.logged("draining");
    assert.equal(limit, 7_000);
  });
});
