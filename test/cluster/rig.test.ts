import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { rig } from "./support/cluster.ts";
import { clusterIps, echoDeployment, echoService, readEcho, rolledOut } from "./support/echo.ts";
import { NetworkClient } from "./support/network-client.ts";
import type { AnyObject } from "./support/objects.ts";
import { TestNamespace } from "./support/test-namespace.ts";

interface Slice extends AnyObject {
  readonly addressType: string;
  readonly endpoints: readonly {
    readonly addresses: readonly string[];
    readonly conditions: { readonly ready?: boolean };
    readonly nodeName?: string;
    readonly zone?: string;
  }[];
}

describe("the rig", () => {
  let namespace: TestNamespace;
  let network: NetworkClient;

  before(async () => {
    network = new NetworkClient(rig().inNetwork);
    namespace = await TestNamespace.create("rig");
    await namespace.apply([echoDeployment({ name: "web", replicas: 2 }), echoService("web")]);
    await rolledOut(namespace, "web");
  });
  after(async () => {
    await namespace[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
  });

  it("runs programs inside a node", async () => {
    assert.equal((await rig().enter("hostname")).trim(), "node-1");
  });

  it("has EndpointSlices of both families with the pods' zone", async () => {
    const zonesOfReady = (slices: readonly AnyObject[]): Record<string, unknown> =>
      Object.fromEntries(
        (slices as readonly Slice[]).map(({ addressType, endpoints }) => [
          addressType,
          endpoints
            .filter(({ conditions }) => conditions.ready)
            .map(({ nodeName, zone }) => `${nodeName} ${zone}`),
        ]),
      );
    const twoPods = ["node-1 zone-1", "node-1 zone-1"];
    await namespace.objects.untilAll(
      { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", namespace: namespace.name },
      "kubernetes.io/service-name=web",
      (slices) => isDeepStrictEqual(zonesOfReady(slices), { IPv4: twoPods, IPv6: twoPods }),
      { what: "have both pods" },
    );
  });

  it("leads calls of a ClusterIP to the pods by kube-proxy", async () => {
    for (const address of await clusterIps(namespace, "web")) {
      const host = address.includes(":") ? `[${address}]` : address;
      const answer = await network.answered({ url: `http://${host}/where` });
      assert.equal(answer.status, 200);
      assert.deepEqual(readEcho(answer.body).get("URL"), ["/where"]);
    }
  });
});
