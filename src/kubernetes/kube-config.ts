import { existsSync } from "node:fs";
import { KubeConfig } from "@kubernetes/client-node";

const SERVICE_ACCOUNT_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/**
 * How to reach the API server and who to be there: from the given kubeconfig file, else from those that KUBECONFIG
 * names, else from the pod's service account, else from `~/.kube/config`. Throws an Error that tells what is wrong
 * with the source that was found, or that there is none.
 */
export function loadKubeConfig(
  path: string | undefined,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): KubeConfig {
  const config = new KubeConfig();
  if (path !== undefined) {
    load(`kubeconfig ${path}`, () => config.loadFromFile(path));
    return checked(config, `kubeconfig ${path}`);
  }
  const isNamed = (environment["KUBECONFIG"] ?? "") !== "";
  const isInPod = (environment["KUBERNETES_SERVICE_HOST"] ?? "") !== "" && existsSync(SERVICE_ACCOUNT_TOKEN);
  if (!isNamed && isInPod) {
    config.loadFromCluster();
    return checked(config, "the pod's service account");
  }
  const source = isNamed ? `KUBECONFIG=${environment["KUBECONFIG"]}` : "~/.kube/config";
  load(source, () => config.loadFromDefault());
  return checked(config, source);
}

function load(source: string, read: () => void): void {
  try {
    read();
  } catch (error) {
    throw new Error(`${source} can't be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function checked(config: KubeConfig, source: string): KubeConfig {
  const server = config.getCurrentCluster()?.server ?? "";
  if (server === "") throw new Error(`${source} names no cluster for its current context`);
  if (!URL.canParse(server)) throw new Error(`${source}: the server must be a URL, not ${server}`);
  return config;
}
