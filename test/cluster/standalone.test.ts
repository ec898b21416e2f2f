import assert from "node:assert/strict";
import type { LoadReport } from "./image/load-report.ts";
import { clusterIps, echoDeployment, echoService, rolledOut } from "./support/echo.ts";
import { LoadPod } from "./support/load-pod.ts";
import { programImage } from "./support/program-image.ts";
import { TestNamespace } from "./support/test-namespace.ts";

/** No request failed, and all were answered as the only key says. */
function assertRouted(report: LoadReport, key: string): void {
  for (const { sent, failed, failures, answers } of Object.values(report)) {
    assert.equal(failed, 0, JSON.stringify(failures));
    assert.deepEqual(answers, { [key]: sent });
  }
}

describe("a sidecar in a pod, on a folder of manifests", () => {
  it("takes the pod's requests to Services and routes them", async () => {
    await using namespace = await TestNamespace.create("standalone");
    await namespace.apply([echoDeployment({ name: "web" }), echoService("web")]);
    await rolledOut(namespace, "web");
    const [host = "", six = ""] = await clusterIps(namespace, "web");
    const slices = await namespace.objects.untilAll(
      { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", namespace: namespace.name },
      "kubernetes.io/service-name=web",
      (found) => found.length === 2 && found.every((slice) => (slice["endpoints"] as unknown[]).length === 1),
    );
    const service = await namespace.read("v1", "Service", "web");
    const route = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "tag", namespace: namespace.name },
      spec: {
        parentRefs: [{ group: "", kind: "Service", name: "web" }],
        rules: [
          {
            filters: [
              {
                type: "RequestHeaderModifier",
                requestHeaderModifier: { set: [{ name: "x-route", value: "tag" }] },
              },
            ],
            backendRefs: [{ name: "web", port: 80 }],
          },
        ],
      },
    };
    const objects = [{ ...service, apiVersion: "v1", kind: "Service" }, route].concat(
      slices.map((slice) => ({ ...slice, apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" })),
    );
    await namespace.apply([
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "manifests" },
        data: { "mesh.yaml": JSON.stringify({ kind: "List", items: objects }) },
      },
    ]);
    await using load = await LoadPod.start(namespace, {
      image: await programImage(),
      proxy: ["proxy", "--manifests", "/manifests", "--namespace", namespace.name],
      targets: [
        { name: "four", host, port: 80, rate: 20 },
        { name: "six", host: six, port: 80, rate: 20 },
      ],
      volumes: [{ name: "manifests", configMap: { name: "manifests" } }],
      mounts: [{ name: "manifests", mountPath: "/manifests" }],
    });
    await load.after(30);
    assertRouted(await load.pause(), "1 tag");
    await load.restartSidecar();
    await load.resume();
    await load.after(30);
    assertRouted(await load.pause(), "1 tag");
    assert.ok((await load.metric("eastbound_requests_total", { route: "tag", code: "200" })) >= 60);
    assert.equal(await load.metric("eastbound_passthrough_connections_total"), 0);
  });
});
