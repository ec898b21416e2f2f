import assert from "node:assert/strict";
import { manifestText, prefixRule, routeManifest, serviceManifests } from "../support/manifests.ts";
import { CapturedNetwork, GET } from "./captured-network.ts";

function response(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
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
      await captured.startOnFolder();
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
      await captured.startOnFolder(...flags);
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
    const proxy = await captured.startOnFolder();
    assert.equal(await captured.get("10.96.7.9", 80), "four");
    assert.ok(proxy.log.some(({ message }) => message === "IPv6 is off: only IPv4 is captured"));
  });
});
