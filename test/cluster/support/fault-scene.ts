import { strict as assert } from "node:assert";
import type { LoadReport } from "../image/load-report.ts";
import { atTheEnd, rig } from "./cluster.ts";
import { clusterIps, echoDeployment, echoService, rolledOut } from "./echo.ts";
import { fakeClock } from "./fake-clock.ts";
import { LoadPod } from "./load-pod.ts";
import { Mesh, type MeshOptions } from "./mesh.ts";
import { NetworkClient } from "./network-client.ts";
import { TestNamespace } from "./test-namespace.ts";

/** What the route of the scene adds to each request. */
const ROUTE_TAG = "tagged";

export interface FaultSceneOptions extends MeshOptions {
  /** More words for the sidecar. */
  readonly proxy?: readonly string[];
}

/**
 * Two controllers, two backends and a pod under load whose sidecar learned its destinations from them: `routed`, a Service
 * whose route sends half to each backend and adds a field, and `plain`, a Service without a route.
 */
export class FaultScene implements AsyncDisposable {
  readonly mesh: Mesh;
  readonly namespace: TestNamespace;
  readonly load: LoadPod;
  readonly #resources: AsyncDisposableStack;
  #before: LoadReport = {};
  #requestsBefore = 0;
  #revision = 1;

  private constructor(resources: AsyncDisposableStack, mesh: Mesh, namespace: TestNamespace, load: LoadPod) {
    this.#resources = resources;
    this.mesh = mesh;
    this.namespace = namespace;
    this.load = load;
  }

  /**
   * One as usual, which tests that leave it as they found it share: it is there until another one is started, or to the
   * end. Counts from here.
   */
  static async shared(): Promise<FaultScene> {
    if (shared === undefined) {
      shared = await FaultScene.start();
      atTheEnd(async () => FaultScene.#endShared());
    }
    // A test that failed may not have left it as it found it.
    await shared.mesh.scale(2);
    await shared.mesh.ready(2);
    await shared.begin();
    return shared;
  }

  static async #endShared(): Promise<void> {
    await shared?.[Symbol.asyncDispose]();
    shared = undefined;
  }

  /** One of a test's own. There can be but one mesh on a cluster: any other ends. */
  static async start(options: FaultSceneOptions = {}): Promise<FaultScene> {
    await FaultScene.#endShared();
    await using resources = new AsyncDisposableStack();
    const mesh = resources.use(await Mesh.start(options));
    const namespace = resources.use(await TestNamespace.create("fault"));
    await mesh.join(namespace.name);
    await namespace.apply([
      echoDeployment({ name: "one", drainingImage: mesh.image }),
      echoDeployment({ name: "two", drainingImage: mesh.image }),
      echoService("one"),
      echoService("two"),
      echoService("plain", "one"),
      echoService("routed", "one"),
      tagRoute,
    ]);
    await rolledOut(namespace, "one");
    await rolledOut(namespace, "two");
    const [routed = ""] = await clusterIps(namespace, "routed");
    const [plain = ""] = await clusterIps(namespace, "plain");
    const load = resources.use(
      await LoadPod.start(namespace, {
        image: mesh.image,
        proxy: ["proxy", "--controller", Mesh.controller, ...(options.proxy ?? [])],
        targets: [
          { name: "routed", host: routed, port: 80, rate: 30 },
          { name: "plain", host: plain, port: 80, rate: 15 },
        ],
        // What a client dials before its sidecar has a controller is passed through, for as long as it keeps the connection.
        isPaused: true,
        ...(options.hasFakeClock === true && {
          environment: fakeClock.environment,
          volumes: [fakeClock.volume],
          mounts: [fakeClock.mount],
        }),
      }),
    );
    const scene = new FaultScene(resources.move(), mesh, namespace, load);
    await load.untilMetric("eastbound_discovery_connected", (value) => value === 1);
    await scene.begin();
    return scene;
  }

  /** Counts from here. */
  async begin(): Promise<void> {
    this.#before = await this.load.pause();
    this.#requestsBefore = await this.#proxied();
    await this.load.resume();
    await this.load.after(10);
  }

  /** Waits until `routed` gets an answer from pods of a revision, by whatever way. */
  async #answeredBy(revision: string, timeoutMs = 30_000): Promise<void> {
    const key = `${revision} ${ROUTE_TAG}`;
    const end = performance.now() + timeoutMs;
    const count = (report: LoadReport): number => report["routed"]?.answers[key] ?? 0;
    const before = count(await this.load.report());
    while (count(await this.load.after(2)) === before) {
      if (performance.now() > end) throw new Error(`no answer from revision ${revision} in ${timeoutMs} ms`);
    }
  }

  /**
   * Waits until Kubernetes itself follows pods and Services: after its API server was away, its controllers and kube-proxy
   * come back in their own time, and till then nobody can know of new endpoints.
   */
  async kubernetesFollows(): Promise<void> {
    await this.namespace.apply([echoDeployment({ name: "probe" }), echoService("probe")]);
    await using network = new NetworkClient(rig().inNetwork);
    const [address = ""] = await clusterIps(this.namespace, "probe");
    await network.answered({ url: `http://${address}/` }, 90_000);
  }

  /** Requests that went on at a Service's own address, since none of the endpoints could be reached. */
  clusterIpResends(): Promise<number> {
    return this.load.metric("eastbound_resends_total", { reason: "cluster_ip" });
  }

  /**
   * Rolls a backend out, by which all its pods and so all its endpoints are replaced, and waits until requests are
   * answered by the new ones.
   */
  async rollOut(backend: "one" | "two"): Promise<void> {
    const revision = String(++this.#revision);
    await this.namespace.apply([echoDeployment({ name: backend, revision, drainingImage: this.mesh.image })]);
    await rolledOut(this.namespace, backend, 90_000);
    await this.#answeredBy(revision);
  }

  /**
   * Since the start, or the last assertion, no request failed, every one to `routed` met the route, and as many as were
   * sent went through the sidecar's routing and none past it. `least`: how many more answers of each are waited for.
   */
  async assertUnharmed({ least = 20 }: { readonly least?: number } = {}): Promise<void> {
    await this.load.after(least);
    try {
      await this.#judgePaused();
    } finally {
      await this.load.resume();
    }
  }

  /** Kills the sidecar while its client waits, since nobody takes connections then; asserts as above before it does. */
  async restartSidecar(): Promise<void> {
    await this.#judgePaused();
    await this.load.restartSidecar();
    await this.begin();
  }

  async #judgePaused(): Promise<void> {
    const now = await this.load.pause();
    let sent = 0;
    for (const [name, target] of Object.entries(now)) {
      const before = this.#before[name];
      sent += target.sent - (before?.sent ?? 0);
      assert.equal(target.failed - (before?.failed ?? 0), 0, `${name}: ${JSON.stringify(target.failures)}`);
    }
    const keys = Object.keys(now["routed"]?.answers ?? {});
    const untagged = keys.filter((key) => !key.endsWith(` ${ROUTE_TAG}`));
    assert.deepEqual(untagged, [], "every request to routed met the route");
    const passed = await this.load.metric("eastbound_passthrough_connections_total");
    assert.equal(passed, 0, "nothing went past the routes");
    const proxied = await this.#proxied();
    const routed = proxied - this.#requestsBefore;
    assert.equal(routed, sent, `requests that the sidecar routed, of those sent: ${await this.#counted()}`);
    this.#before = now;
    this.#requestsBefore = proxied;
  }

  /** What the sidecar counted of requests, for messages. */
  async #counted(): Promise<string> {
    const samples = await this.load.samples();
    const counted = samples.filter(({ name }) => name === "eastbound_requests_total");
    return counted.map(({ labels, value }) => `${JSON.stringify(labels)} ${value}`).join("\n");
  }

  /** Requests that the sidecar answered with 200 from a backend. */
  #proxied(): Promise<number> {
    return this.load.metric("eastbound_requests_total", {
      code: "200",
      service_namespace: this.namespace.name,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

let shared: FaultScene | undefined;

const tagRoute = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name: "tag" },
  spec: {
    parentRefs: [{ group: "", kind: "Service", name: "routed" }],
    rules: [
      {
        filters: [
          {
            type: "RequestHeaderModifier",
            requestHeaderModifier: { set: [{ name: "x-route", value: ROUTE_TAG }] },
          },
        ],
        backendRefs: [
          { name: "one", port: 80 },
          { name: "two", port: 80 },
        ],
      },
    ],
  },
};
