import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import { TemporaryFolder } from "../manifests/temporary-folder.ts";
import { manifestText, prefixRule, routeManifest, serviceManifests } from "../support/manifests.ts";
import { createNetworkNamespace, type NetworkNamespace } from "../support/network-namespace.ts";
import { ProxyProcess } from "../support/proxy-process.ts";
import { NamespaceAgent } from "./namespace-agent.ts";

/** The proxy's user: what it dials is not redirected. */
const PROXY_UID = "15100";

const GET = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";
const METRICS = "GET /metrics HTTP/1.1\r\nHost: admin\r\n\r\n";

function response(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** A namespace with capture rules, servers in it, and a proxy that runs as the user whom the rules spare. */
class CapturedNetwork implements AsyncDisposable {
  readonly #resources = new AsyncDisposableStack();
  readonly network: NetworkNamespace;
  readonly agent: NamespaceAgent;
  readonly folder: TemporaryFolder;

  private constructor(network: NetworkNamespace, agent: NamespaceAgent, folder: TemporaryFolder) {
    this.network = network;
    this.folder = folder;
    this.#resources.use(network);
    this.#resources.use(folder);
    this.agent = this.#resources.use(agent);
  }

  static async create(backend: string): Promise<CapturedNetwork> {
    const network = await createNetworkNamespace();
    const agent = await NamespaceAgent.start(network.name);
    const captured = new CapturedNetwork(network, agent, await TemporaryFolder.create());
    const rule = `-t nat -A OUTPUT -p tcp -m owner ! --uid-owner ${PROXY_UID} -j REDIRECT --to-ports 15101`;
    await network.exec(`iptables-${backend}`, ...rule.split(" "), "-d", "10.96.0.0/16");
    await network.exec(`ip6tables-${backend}`, ...rule.split(" "), "-d", "fd00:10:96::/112");
    for (const address of ["10.96.0.50/32", "10.96.0.60/32"])
      await network.exec("ip", "addr", "add", address, "dev", "lo");
    await network.exec("ip", "addr", "add", "fd00:10:96::50/128", "dev", "lo", "nodad");
    return captured;
  }

  async start(...flags: readonly string[]): Promise<ProxyProcess> {
    await chmod(this.folder.path, 0o755);
    const { name } = this.network;
    const ids = ["--reuid", PROXY_UID, "--regid", PROXY_UID, "--clear-groups"];
    // So that it can read the sources wherever they are.
    const capabilities = ["--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"];
    const proxy = this.#resources.use(
      new ProxyProcess({
        through: ["ip", "netns", "exec", name, "setpriv", ...ids, ...capabilities],
        flags: ["--manifests", this.folder.path, "--capture", "redirect", ...flags],
      }),
    );
    await proxy.logged("serving");
    return proxy;
  }

  /** The body that a client gets. */
  async get(address: string, port: number): Promise<string> {
    const { received } = await this.agent.talk(address, port, GET);
    return received.split("\r\n\r\n")[1] ?? "";
  }

  async metric(name: string): Promise<number> {
    const { received } = await this.agent.talk("127.0.0.1", 15_103, METRICS);
    const line = received.split("\n").find((candidate) => candidate.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}

const passedThrough = 'eastbound_passthrough_connections_total{reason="unknown_destination"}';
const loops = 'eastbound_passthrough_connections_total{reason="loop"}';

for (const backend of ["nft", "legacy"]) {
  describe(`eastbound proxy --capture redirect behind iptables-${backend}`, () => {
    let captured: CapturedNetwork;

    before(async () => {
      captured = await CapturedNetwork.create(backend);
      const { agent, folder } = captured;
      await agent.listen("192.0.2.1", 8080, response("four"));
      await agent.listen("2001:db8::1", 8080, response("six"));
      await agent.listen("10.96.0.60", 8080, response("inside the CIDR"));
      await agent.listen("10.96.0.50", 80, response("passed through"));
      await agent.listen("fd00:10:96::50", 80, response("passed through"));
      await agent.listen("192.0.2.1", 3306, "server first");
      await agent.listen("2001:db8::1", 3306, "server first");
      await folder.write(
        "mesh.yaml",
        manifestText(
          ...serviceManifests({
            name: "web",
            addresses: ["10.96.7.9", "fd00:10:96::9"],
            port: 80,
            endpoints: [],
          }),
          ...serviceManifests({
            name: "v1",
            addresses: ["10.96.7.10"],
            port: 80,
            endpoints: [
              { address: "192.0.2.1", port: 8080 },
              { address: "2001:db8::1", port: 8080 },
            ],
          }),
          ...serviceManifests({
            name: "near",
            addresses: ["10.96.7.11"],
            port: 80,
            endpoints: [{ address: "10.96.0.60", port: 8080 }],
          }),
          ...serviceManifests({
            name: "db",
            addresses: ["10.96.7.12", "fd00:10:96::12"],
            port: 3306,
            portName: "mysql",
            endpoints: [
              { address: "192.0.2.1", port: 3306 },
              { address: "2001:db8::1", port: 3306 },
            ],
          }),
          routeManifest({ name: "web", parent: "web", rules: [prefixRule("/", "v1", 80)] }),
        ),
      );
      await captured.start();
    });
    after(async () => captured[Symbol.asyncDispose]());

    it("routes what goes to a ClusterIP, in the family that was dialled", async () => {
      assert.equal(await captured.get("10.96.7.9", 80), "four");
      assert.equal(await captured.get("fd00:10:96::9", 80), "six");
    });

    it("dials endpoints itself, even where the rule would match them", async () => {
      assert.equal(await captured.get("10.96.7.11", 80), "inside the CIDR");
    });

    it("carries protocols where the server speaks first", async () => {
      const { agent } = captured;
      assert.deepEqual(await agent.talk("10.96.7.12", 3306), { received: "server first", closedBy: "end" });
      assert.deepEqual(await agent.talk("fd00:10:96::12", 3306), {
        received: "server first",
        closedBy: "end",
      });
    });

    it("passes unknown destinations through to where they were going, and counts them", async () => {
      assert.equal(await captured.get("10.96.0.50", 80), "passed through");
      assert.equal(await captured.get("fd00:10:96::50", 80), "passed through");
      assert.equal(await captured.metric(passedThrough), 2);
    });

    it("refuses connections that were dialled to its listeners, and counts them", async () => {
      const { agent } = captured;
      assert.deepEqual(await agent.talk("127.0.0.1", 15_101, GET), { received: "", closedBy: "ECONNRESET" });
      assert.deepEqual(await agent.talk("::1", 15_101, GET), { received: "", closedBy: "ECONNRESET" });
      assert.equal(await captured.metric(loops), 2);
      assert.equal(await captured.metric(passedThrough), 2);
    });
  });
}

describe("the listeners of eastbound proxy --capture redirect", () => {
  const service = serviceManifests({
    name: "web",
    addresses: ["10.96.7.9", "fd00:10:96::9"],
    port: 80,
    endpoints: [
      { address: "192.0.2.1", port: 8080 },
      { address: "2001:db8::1", port: 8080 },
    ],
  });

  const cases = [
    {
      name: "on every address of each family",
      flags: ["--listen", "0.0.0.0:15101", "--listen", "[::]:15101"],
    },
    { name: "on every address of both families at once", flags: ["--listen", ":15101"] },
  ];
  for (const { name, flags } of cases) {
    it(`may be ${name}: a direct hit is refused without a loop`, async () => {
      await using captured = await CapturedNetwork.create("nft");
      const { agent } = captured;
      await agent.listen("192.0.2.1", 8080, response("four"));
      await agent.listen("2001:db8::1", 8080, response("six"));
      await captured.folder.write("web.yaml", manifestText(...service));
      await captured.start(...flags);
      assert.equal(await captured.get("10.96.7.9", 80), "four");
      assert.equal(await captured.get("fd00:10:96::9", 80), "six");
      for (const address of ["127.0.0.1", "192.0.2.1", "::1", "2001:db8::1"]) {
        const { closedBy } = await agent.talk(address, 15_101, GET);
        assert.equal(closedBy, "ECONNRESET", address);
      }
      assert.equal(await captured.metric(loops), 4);
    });
  }

  it("go without ::1 where IPv6 is off", async () => {
    await using captured = await CapturedNetwork.create("nft");
    await captured.network.exec("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6");
    await captured.agent.listen("192.0.2.1", 8080, response("four"));
    await captured.folder.write("web.yaml", manifestText(...service));
    const proxy = await captured.start();
    assert.equal(await captured.get("10.96.7.9", 80), "four");
    assert.ok(proxy.log.some(({ message }) => message === "IPv6 is off: only IPv4 is captured"));
  });
});
