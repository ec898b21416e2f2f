import type { Duplex } from "node:stream";
import { duplexPair } from "node:stream";
import type { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { messageOf } from "../../resources/error-message.ts";
import { type SocketAddress, socketAddress } from "../socket-address.ts";
import type { ReplicaAnswer } from "./mesh-status.ts";
import { readSidecars } from "./read-sidecars.ts";

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 256 * 1024 * 1024;
const ADMIN_PORT = 15_103;
const SELECTOR = "app.kubernetes.io/name=eastbound,app.kubernetes.io/component=controller";

/** Asks the admin endpoints of replicas that this machine can reach. */
export async function askAddresses(addresses: readonly SocketAddress[]): Promise<readonly ReplicaAnswer[]> {
  return await Promise.all(
    addresses.map((address) => {
      const host = address.host === "" ? "127.0.0.1" : address.host;
      return ask(socketAddress.show({ ...address, host }), { host, port: address.port, agent: false });
    }),
  );
}

/**
 * Asks all replicas of a cluster: their pods in the namespace, through the API server's port forwarding, which the
 * user needs the permission for (`pods` list, `pods/portforward` create).
 */
export async function askPods(
  kubeconfig: string | undefined,
  namespace: string,
): Promise<readonly ReplicaAnswer[] | string> {
  const { loadKubeConfig } = await import("../../kubernetes/kube-config.ts");
  const { CoreV1Api: Api } = await import("@kubernetes/client-node");
  try {
    const config = loadKubeConfig(kubeconfig);
    const pods = await inTime(runningPods(config.makeApiClient(Api), namespace));
    return await Promise.all(pods.map((pod) => askPod(config, namespace, pod)));
  } catch (error) {
    return `the controller's pods can't be listed: ${messageOf(error)}`;
  }
}

/** Those on their way out have sent their sidecars to others. */
async function runningPods(api: CoreV1Api, namespace: string): Promise<readonly string[]> {
  const { items } = await api.listNamespacedPod({ namespace, labelSelector: SELECTOR });
  return items
    .filter(
      ({ metadata, status }) => status?.phase === "Running" && metadata?.deletionTimestamp === undefined,
    )
    .flatMap(({ metadata }) => metadata?.name ?? []);
}

async function askPod(config: KubeConfig, namespace: string, pod: string): Promise<ReplicaAnswer> {
  const { PortForward } = await import("@kubernetes/client-node");
  const [near, far] = duplexPair();
  try {
    const forwarding = new PortForward(config).portForward(namespace, pod, [ADMIN_PORT], far, null, far);
    const socket = await inTime(forwarding);
    try {
      return await ask(pod, { createConnection: () => near });
    } finally {
      if ("close" in socket) socket.close();
    }
  } catch (error) {
    return { kind: "failed", source: pod, message: messageOf(error) };
  } finally {
    near.destroy();
    far.destroy();
  }
}

type Way =
  | { readonly host: string; readonly port: number; readonly agent: false }
  /** Without an agent at all: one would make connections of its own. */
  | { readonly createConnection: () => Duplex };

async function ask(source: string, way: Way): Promise<ReplicaAnswer> {
  try {
    const { status, body } = await get(way);
    const read = readSidecars(body);
    if (status === 200 && read.kind === "ok") return { kind: "answered", source, report: read.value };
    return { kind: "failed", source, message: `no admin endpoint of a controller answers there (${status})` };
  } catch (error) {
    return { kind: "failed", source, message: messageOf(error) };
  }
}

async function get(way: Way): Promise<{ readonly status: number; readonly body: string }> {
  const { request } = await import("node:http");
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const options = { path: "/sidecars", signal: AbortSignal.timeout(TIMEOUT_MS) };
  request({ ...options, ...way }, (response) => {
    let body = "";
    response.setEncoding("utf8");
    response.on("data", (piece: string) => {
      body += piece;
      if (body.length > MAX_BYTES) response.destroy(new Error("the answer is too large"));
    });
    response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    response.on("error", reject);
  })
    .on("error", reject)
    .end();
  return await promise;
}

/** What client-node waits for without end. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer in ${TIMEOUT_MS / 1_000} s`)), TIMEOUT_MS);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
