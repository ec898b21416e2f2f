import { existsSync } from "node:fs";
import type { KubeConfig } from "@kubernetes/client-node";
import { messageOf } from "../resources/error-message.ts";
import { PooledKubeConfig } from "./pooled-kube-config.ts";

export interface KubeConfigPlaces {
  /** Where a pod finds its service account's token. */
  readonly serviceAccountToken?: string;
}

/**
 * How to reach the API server and who to be there: from the given kubeconfig file, else from those that KUBECONFIG
 * names, else from the pod's service account, else from `~/.kube/config`. Throws an Error that tells what is wrong
 * with the source that was found, or that there is none. Typed calls with it share connections.
 */
export function loadKubeConfig(
  path: string | undefined,
  { serviceAccountToken = "/var/run/secrets/kubernetes.io/serviceaccount/token" }: KubeConfigPlaces = {},
): KubeConfig {
  const config = new PooledKubeConfig();
  const named = process.env["KUBECONFIG"] ?? "";
  const isInPod = (process.env["KUBERNETES_SERVICE_HOST"] ?? "") !== "" && existsSync(serviceAccountToken);
  if (path !== undefined) return checked(config, `kubeconfig ${path}`, () => config.loadFromFile(path));
  if (named !== "") return checked(config, `KUBECONFIG=${named}`, () => config.loadFromDefault());
  if (isInPod) return checked(config, "the pod's service account", () => config.loadFromCluster());
  if (existsSync(`${process.env["HOME"]}/.kube/config`)) {
    return checked(config, "~/.kube/config", () => config.loadFromDefault());
  }
  throw new Error(
    "there is no way to the API server: no --kubeconfig, no KUBECONFIG, no service account, no ~/.kube/config",
  );
}

function checked(config: KubeConfig, source: string, load: () => void): KubeConfig {
  try {
    load();
  } catch (error) {
    const message = messageOf(error);
    throw new Error(`${source} can't be read: ${message}`, { cause: error });
  }
  const cluster = config.getCurrentCluster();
  const server = cluster?.server ?? "";
  if (server === "") throw new Error(`${source} names no cluster for its current context`);
  if (!URL.canParse(server)) throw new Error(`${source}: the server must be a URL, not ${server}`);
  if (server.startsWith("http:") && cluster?.skipTLSVerify !== true) {
    throw new Error(`${source}: ${server} has no TLS; set insecure-skip-tls-verify to use it all the same`);
  }
  return config;
}
