import assert from "node:assert/strict";
import { controllerPermissions } from "../../../src/controller/controller-permissions.ts";
import { type ParsedSample, parseExposition } from "../../support/parse-exposition.ts";
import { rig } from "./cluster.ts";
import { rolledOut } from "./echo.ts";
import { NetworkClient } from "./network-client.ts";
import type { AnyObject } from "./objects.ts";
import { rbacObjects } from "./rbac.ts";
import type { TestNamespace } from "./test-namespace.ts";

const NAME = "eastbound-controller";
const LABELS = { "app.kubernetes.io/name": "eastbound", "app.kubernetes.io/component": "controller" };

export interface ControllerDeploymentOptions {
  /** Of the program, see programImage. */
  readonly image: string;
  /** 2 where it is not given. */
  readonly replicas?: number;
  /** More words after `eastbound controller`. */
  readonly flags?: readonly string[];
}

/** Replicas of the controller in a namespace of their own, with no more permissions than they say to need. */
export class ControllerDeployment implements AsyncDisposable {
  readonly #namespace: TestNamespace;
  readonly #network = new NetworkClient(rig().inNetwork);

  private constructor(namespace: TestNamespace) {
    this.#namespace = namespace;
  }

  /** Returns once all replicas are ready. */
  static async start(
    namespace: TestNamespace,
    { image, replicas = 2, flags = [] }: ControllerDeploymentOptions,
  ): Promise<ControllerDeployment> {
    const { namespaced, clusterScoped } = rbac(namespace);
    const args = ["controller", "--drain-timeout", "1s", ...flags];
    await namespace.apply([...namespaced, ...clusterScoped, SERVICE, deployment(image, replicas, args)]);
    await rolledOut(namespace, NAME);
    return new ControllerDeployment(namespace);
  }

  /** What sidecars call it by: the value of `--controller`. */
  get host(): string {
    return `${NAME}.${this.#namespace.name}.svc:15110`;
  }

  /** Those that are not on their way out. */
  async pods(): Promise<readonly AnyObject[]> {
    const labels = Object.entries(LABELS).map(([label, value]) => `${label}=${value}`);
    const pods = await this.#namespace.objects.list("v1", "Pod", this.#namespace.name, labels.join(","));
    return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  /** Replaces all replicas, one after another, as an upgrade does. */
  async rollOut(): Promise<void> {
    const annotations = { revision: String(Date.now()) };
    await this.#namespace.objects.patch(
      { apiVersion: "apps/v1", kind: "Deployment", name: NAME, namespace: this.#namespace.name },
      { spec: { template: { metadata: { annotations } } } },
    );
    await rolledOut(this.#namespace, NAME);
  }

  /** The sum of all replicas' samples of a name with, if given, such labels. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const samples = await Promise.all((await this.pods()).map((pod) => this.#samples(pod)));
    return samples
      .flat()
      .filter((sample) => sample.name === name)
      .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
      .reduce((sum, { value }) => sum + value, 0);
  }

  async #samples(pod: AnyObject): Promise<readonly ParsedSample[]> {
    const { podIP } = pod["status"] as { readonly podIP?: string };
    assert.ok(podIP);
    const { body } = await this.#network.request({ url: `http://${podIP}:15102/metrics` });
    return parseExposition(body, "prometheus").flatMap(({ samples }) => samples);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#network[Symbol.asyncDispose]();
    const { clusterScoped } = rbac(this.#namespace);
    await this.#namespace.delete([{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: NAME } }]);
    await this.#namespace.objects.delete(clusterScoped);
  }
}

function rbac(namespace: TestNamespace): ReturnType<typeof rbacObjects> {
  return rbacObjects(controllerPermissions, { namespace: namespace.name, name: NAME }, namespace.name);
}

/** Headless: a sidecar chooses among the replicas itself. */
const SERVICE = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: NAME },
  spec: {
    clusterIP: "None",
    selector: LABELS,
    ports: [{ name: "grpc", port: 15_110 }],
  },
};

function deployment(image: string, replicas: number, args: readonly string[]): object {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: NAME },
    spec: {
      replicas,
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS },
        spec: {
          serviceAccountName: NAME,
          terminationGracePeriodSeconds: 10,
          containers: [
            {
              name: "controller",
              image,
              args,
              readinessProbe: { httpGet: { path: "/ready", port: 15_102 }, periodSeconds: 1 },
              livenessProbe: { httpGet: { path: "/live", port: 15_102 } },
              securityContext: {
                runAsUser: 15_100,
                runAsNonRoot: true,
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ["ALL"] },
                seccompProfile: { type: "RuntimeDefault" },
              },
            },
          ],
        },
      },
    },
  };
}
