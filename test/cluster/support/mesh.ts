import { strict as assert } from "node:assert";
import { controllerPermissions } from "../../../src/controller/controller-permissions.ts";
import { cluster, rig } from "./cluster.ts";
import { fakeClock } from "./fake-clock.ts";
import { installGatewayCrds } from "./gateway-crds.ts";
import { type AnyObject, ClusterObjects } from "./objects.ts";
import { programImage } from "./program-image.ts";
import { type Rbac, rbacObjects } from "./rbac.ts";
import { isRolledOut } from "./rollout.ts";

export const CONTROLLER_NAMESPACE = "eastbound-system";
const NAME = "eastbound-controller";
const DISCOVERY_PORT = 15_110;

const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  name: NAME,
  namespace: CONTROLLER_NAMESPACE,
} as const;
const pods = { apiVersion: "v1", kind: "Pod", namespace: CONTROLLER_NAMESPACE } as const;

/** A replica of the controller. */
export interface ControllerPod {
  readonly name: string;
  readonly uid: string;
  readonly address: string;
}

export interface MeshOptions {
  /** 2 where it is not given. */
  readonly replicas?: number;
  /** Whether `setClock` can set the controllers' clocks. */
  readonly hasFakeClock?: boolean;
  /** What is in the controllers' namespace before they are. */
  readonly seed?: readonly object[];
}

/** The control plane as a Deployment in its usual namespace, with the permissions that it names and no more. */
export class Mesh implements AsyncDisposable {
  /** What a sidecar's flag --controller takes. */
  static readonly controller = `${NAME}.${CONTROLLER_NAMESPACE}.svc:${DISCOVERY_PORT}`;
  readonly objects: ClusterObjects;
  readonly image: string;
  readonly #options: MeshOptions;
  readonly #account: Rbac;

  private constructor(objects: ClusterObjects, image: string, account: Rbac, options: MeshOptions) {
    this.objects = objects;
    this.image = image;
    this.#account = account;
    this.#options = options;
  }

  /** There can be but one on a cluster: any other ends. */
  static async start(options: MeshOptions = {}): Promise<Mesh> {
    const objects = new ClusterObjects(cluster().config);
    await installGatewayCrds("experimental");
    const account = rbacObjects(controllerPermissions, { namespace: CONTROLLER_NAMESPACE, name: NAME }, NAME);
    const mesh = new Mesh(objects, await programImage(), account, options);
    await mesh[Symbol.asyncDispose]();
    await objects.apply([{ apiVersion: "v1", kind: "Namespace", metadata: { name: CONTROLLER_NAMESPACE } }]);
    await objects.apply(options.seed ?? [], CONTROLLER_NAMESPACE);
    await objects.apply(account.clusterScoped);
    await objects.apply(account.namespaced, CONTROLLER_NAMESPACE);
    await objects.apply([headlessService, mesh.#deployment()]);
    await mesh.ready(options.replicas ?? 2);
    return mesh;
  }

  /** Waits until so many replicas serve, and no others are left. */
  async ready(replicas: number): Promise<readonly ControllerPod[]> {
    const found = await this.objects.untilAll(
      pods,
      `app=${NAME}`,
      (each) => each.length === replicas && each.every(isReady),
      { what: "be the ready controllers", timeoutMs: 90_000 },
    );
    return found.map(controllerOf);
  }

  /** Replaces all replicas, one after another, as an upgrade does. */
  async rollOut(): Promise<void> {
    const annotations = { revision: String(Date.now()) };
    await this.objects.patch(deployment, { spec: { template: { metadata: { annotations } } } });
    await this.objects.until(deployment, isRolledOut, { what: "finish its rollout", timeoutMs: 90_000 });
  }

  async scale(replicas: number): Promise<void> {
    await this.objects.patch(deployment, { spec: { replicas } });
  }

  /** The replicas that there are. */
  async controllers(): Promise<readonly ControllerPod[]> {
    const { apiVersion, kind, namespace } = pods;
    return (await this.objects.list(apiVersion, kind, namespace, `app=${NAME}`)).map(controllerOf);
  }

  /** Kills a replica, as a crash would, and lets none take its place till `scale`. */
  async killOne(pod: ControllerPod): Promise<void> {
    const reference = { apiVersion: "v1", kind: "Pod", name: pod.name, namespace: CONTROLLER_NAMESPACE };
    // Of pods that are as good as each other, the cheapest goes.
    const annotations = { "controller.kubernetes.io/pod-deletion-cost": "-1" };
    await this.objects.patch(reference, { metadata: { annotations } });
    await this.#kill([pod], (await this.controllers()).length - 1);
    await this.objects.until(reference, (left) => left === undefined, { what: "be gone" });
  }

  /** Kills every replica, as crashes would, and lets none come back till `scale`. */
  async killAll(): Promise<void> {
    await this.#kill(await this.controllers(), 0);
    await this.objects.untilAll(pods, `app=${NAME}`, (left) => left.length === 0, { what: "be gone" });
  }

  /** The kubelet would start them again a second later: by then they are not to be there. */
  async #kill(victims: readonly ControllerPod[], left: number): Promise<void> {
    const found = await Promise.all(victims.map(({ uid }) => rig().containerPids(uid, "controller")));
    for (const [pid] of found) {
      assert.ok(pid, "the controller runs");
      process.kill(pid, "SIGKILL");
    }
    await this.scale(left);
  }

  /** Labels a namespace as meshed, and waits for what its sidecars need. */
  async join(namespace: string): Promise<void> {
    const labels = { "eastbound.dev/inject": "enabled" };
    await this.objects.apply([
      { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } },
    ]);
    await this.objects.until(
      { apiVersion: "v1", kind: "ConfigMap", name: "eastbound-ca", namespace },
      (map) => map !== undefined,
      { what: "come" },
    );
  }

  #deployment(): object {
    const { replicas = 2, hasFakeClock = false } = this.#options;
    return {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: NAME, namespace: CONTROLLER_NAMESPACE },
      spec: {
        replicas,
        selector: { matchLabels: { app: NAME } },
        template: {
          metadata: { labels: { app: NAME } },
          spec: {
            serviceAccountName: NAME,
            terminationGracePeriodSeconds: 30,
            volumes: hasFakeClock ? [fakeClock.volume] : [],
            containers: [
              {
                name: "controller",
                image: this.image,
                args: ["controller"],
                env: hasFakeClock ? environmentOf(fakeClock.environment) : [],
                volumeMounts: hasFakeClock ? [fakeClock.mount] : [],
                securityContext: {
                  runAsNonRoot: true,
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ["ALL"] },
                  seccompProfile: { type: "RuntimeDefault" },
                },
                readinessProbe: { httpGet: { path: "/ready", port: 15_102 }, periodSeconds: 1 },
                livenessProbe: { httpGet: { path: "/live", port: 15_102 }, periodSeconds: 10 },
              },
            ],
          },
        },
      },
    };
  }

  /** Takes it down, and waits until nothing of it is left, of an earlier run that was killed neither. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { objects } = this;
    const named = (apiVersion: string, kind: string, name: string): object => ({
      apiVersion,
      kind,
      metadata: { name, namespace: CONTROLLER_NAMESPACE },
    });
    await objects.delete([named("apps/v1", "Deployment", NAME)]);
    const left = await objects.list(pods.apiVersion, pods.kind, pods.namespace);
    await objects.delete(left.map(({ metadata }) => named("v1", "Pod", metadata.name)));
    await objects.untilAll(pods, "", (each) => each.length === 0, { what: "be gone", timeoutMs: 60_000 });
    await objects.delete([
      named("v1", "Secret", "eastbound-trust"),
      named("v1", "ConfigMap", "eastbound-ca"),
      named("coordination.k8s.io/v1", "Lease", NAME),
    ]);
    await this.objects.delete(this.#account.clusterScoped);
  }
}

const headlessService = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: NAME, namespace: CONTROLLER_NAMESPACE },
  spec: { clusterIP: "None", selector: { app: NAME }, ports: [{ name: "discovery", port: DISCOVERY_PORT }] },
};

function environmentOf(values: Readonly<Record<string, string>>): readonly object[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

function controllerOf(pod: AnyObject): ControllerPod {
  const { podIP = "" } = pod["status"] as { readonly podIP?: string };
  return { name: pod.metadata.name, uid: pod.metadata.uid ?? "", address: podIP };
}

function isReady(pod: AnyObject): boolean {
  const { conditions = [] } = (pod["status"] ?? {}) as {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
}
