import { KubeConfig } from "@kubernetes/client-node";
import type { Permission } from "../../../src/controller/permission.ts";
import { cluster } from "./cluster.ts";
import { rbacObjects } from "./rbac.ts";
import type { TestNamespace } from "./test-namespace.ts";
import { requestToken } from "./tokens.ts";

/** Access to the API server as a ServiceAccount of `namespace` that may do nothing but `permissions`. */
export class RestrictedConfig implements AsyncDisposable {
  readonly config: KubeConfig;
  readonly #namespace: TestNamespace;

  private constructor(config: KubeConfig, namespace: TestNamespace) {
    this.config = config;
    this.#namespace = namespace;
  }

  static async create(
    namespace: TestNamespace,
    permissions: readonly Permission[],
  ): Promise<RestrictedConfig> {
    const { name } = namespace;
    const account = { namespace: name, name: "restricted" };
    const { namespaced, clusterScoped } = rbacObjects(permissions, account, name);
    await namespace.apply([...namespaced, ...clusterScoped]);
    const token = await requestToken({ namespace: name, serviceAccount: "restricted" });
    const current = cluster().config.getCurrentCluster();
    const config = new KubeConfig();
    if (current === null) throw new Error("the kubeconfig has no current cluster");
    config.loadFromClusterAndUser(current, { name: "restricted", token });
    return new RestrictedConfig(config, namespace);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { name, objects } = this.#namespace;
    const apiVersion = "rbac.authorization.k8s.io/v1";
    await objects.delete([
      { apiVersion, kind: "ClusterRoleBinding", metadata: { name } },
      { apiVersion, kind: "ClusterRole", metadata: { name } },
    ]);
  }
}
