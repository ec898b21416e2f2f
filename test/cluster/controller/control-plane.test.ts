import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { cluster } from "../support/cluster.ts";
import { ControllerDeployment } from "../support/controller-deployment.ts";
import { clusterIps, echoDeployment, echoService, rolledOut } from "../support/echo.ts";
import { LoadPod } from "../support/load-pod.ts";
import type { AnyObject } from "../support/objects.ts";
import { programImage } from "../support/program-image.ts";
import { TestNamespace } from "../support/test-namespace.ts";

const MAIN = join(import.meta.dirname, "../../../src/cli/main.ts");

interface Run {
  readonly code: number;
  readonly out: string;
}

function eastbound(...words: readonly string[]): Promise<Run> {
  const { promise, resolve } = Promise.withResolvers<Run>();
  execFile(process.execPath, [MAIN, ...words], (error, out, errors) =>
    resolve({ code: typeof error?.code === "number" ? error.code : 0, out: out + errors }),
  );
  return promise;
}

/** A route of the Service that marks its requests. */
function routeOf(service: string, mark: string): object {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: service },
    spec: {
      parentRefs: [{ group: "", kind: "Service", name: service }],
      rules: [
        {
          filters: [
            {
              type: "RequestHeaderModifier",
              requestHeaderModifier: { set: [{ name: "x-route", value: mark }] },
            },
          ],
          backendRefs: [{ name: service, port: 80 }],
        },
      ],
    },
  };
}

function acceptedOf(route: AnyObject | undefined): string | undefined {
  const { parents = [] } = (route?.["status"] ?? {}) as {
    readonly parents?: readonly {
      readonly conditions: readonly { readonly type: string; readonly status: string }[];
    }[];
  };
  return parents[0]?.conditions.find(({ type }) => type === "Accepted")?.status;
}

describe("a control plane and its sidecars", () => {
  it("routes, follows changes and survives its replicas, without a failed request", async () => {
    await using namespace = await TestNamespace.create("mesh");
    await namespace.apply([echoDeployment({ name: "web" }), echoService("web"), routeOf("web", "one")]);
    const image = await programImage();
    await using controller = await ControllerDeployment.start(namespace, { image });
    await rolledOut(namespace, "web");
    await namespace.until(
      "gateway.networking.k8s.io/v1",
      "HTTPRoute",
      "web",
      (route) => acceptedOf(route) === "True",
    );

    const [host = ""] = await clusterIps(namespace, "web");
    await using load = await LoadPod.start(namespace, {
      image,
      proxy: ["proxy", "--controller", controller.host],
      targets: [{ name: "web", host, port: 80, rate: 50 }],
    });
    await load.after(50);
    await namespace.apply([routeOf("web", "two")]);
    await load.after(50);
    await namespace.apply([echoDeployment({ name: "web", revision: "2" })]);
    await rolledOut(namespace, "web");
    await load.after(50);

    const status = await eastbound(
      "status",
      "--kubeconfig",
      cluster().kubeconfig,
      "--namespace",
      namespace.name,
    );
    assert.equal(status.code, 0, status.out);
    assert.ok(status.out.includes(`sidecar ${namespace.name}/load in-sync=true`), status.out);
    assert.equal(await controller.metric("eastbound_controller_leader"), 1);
    assert.equal(await controller.metric("eastbound_controller_sidecars", { state: "in-sync" }), 1);

    const [first] = await controller.pods();
    await namespace.delete([{ apiVersion: "v1", kind: "Pod", metadata: { name: first?.metadata.name } }]);
    await load.after(100);
    await rolledOut(namespace, "eastbound-controller");
    await controller.rollOut();
    await namespace.apply([routeOf("web", "three")]);
    await load.after(100);

    const { web } = await load.pause();
    assert.ok(web);
    assert.equal(web.failed, 0, JSON.stringify(web.failures));
    assert.deepEqual(
      Object.keys(web.answers).filter((key) => !["1 one", "1 two", "2 two", "2 three"].includes(key)),
      [],
    );
    assert.ok((web.answers["2 three"] ?? 0) > 0, JSON.stringify(web.answers));
    assert.equal(await load.metric("eastbound_passthrough_connections_total"), 0);
  });
});
