import assert from "node:assert/strict";
import { join } from "node:path";
import { createNetworkNamespace } from "../support/network-namespace.ts";

const accept = join(import.meta.dirname, "accept-redirected.ts");

describe("the original destination of redirected connections", () => {
  for (const backend of ["nft", "legacy"]) {
    it(`is known behind iptables-${backend}, IPv4 and IPv6`, async () => {
      await using network = await createNetworkNamespace();
      const redirect = "-t nat -A OUTPUT -p tcp -j REDIRECT --to-ports 15101 -d".split(" ");
      await network.exec(`iptables-${backend}`, ...redirect, "10.96.0.0/12");
      await network.exec(`ip6tables-${backend}`, ...redirect, "fd00:10:96::/112");

      const targets = ["10.96.7.9 80", "fd00:10:96::9 443", "127.0.0.1 15101", "::1 15101"];
      const found: unknown = JSON.parse(await network.exec(process.execPath, accept, ...targets));

      assert.deepEqual(found, [
        { client: "::ffff:192.0.2.1", kind: "found", address: "10.96.7.9", port: 80 },
        { client: "2001:db8::1", kind: "found", address: "fd00:10:96::9", port: 443 },
        { client: "::ffff:127.0.0.1", kind: "found", address: "127.0.0.1", port: 15_101 },
        { client: "::1", kind: "found", address: "::1", port: 15_101 },
      ]);
    });
  }

  it("is none where nothing is redirected", async () => {
    await using network = await createNetworkNamespace();
    const found: unknown = JSON.parse(
      await network.exec(process.execPath, accept, "127.0.0.1 15101", "::1 15101"),
    );
    assert.deepEqual(found, [
      { client: "::ffff:127.0.0.1", kind: "not-redirected" },
      { client: "::1", kind: "not-redirected" },
    ]);
  });
});
