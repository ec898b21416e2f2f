// How long after an EndpointSlice was changed at the API server a request through the sidecar arrives at the new endpoint:
// a real API server, a controller in its pod, a pod with its sidecar. Needs root, boots the rig of test/cluster or takes it
// as it runs. `node test/bench/propagation.bench.ts [changes]`
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { bootCluster, leaveCluster, rig } from "../cluster/support/cluster.ts";
import { ControllerDeployment } from "../cluster/support/controller-deployment.ts";
import { clusterIps } from "../cluster/support/echo.ts";
import { LoadPod } from "../cluster/support/load-pod.ts";
import type { ProbeReport } from "../cluster/support/probe-agent.ts";
import { programImage } from "../cluster/support/program-image.ts";
import { TestNamespace } from "../cluster/support/test-namespace.ts";

const AGENTS = join(import.meta.dirname, "../cluster/support");
const NAMES = ["one", "two"] as const;
/** Changes come with a pause, so that none waits for the one before. */
const PAUSE_MS = 50;
/** Compiled code, connections made. */
const WARM_UP = 20;

/** A program of ours in another network, whose messages come through its channel. */
function startAgent(through: readonly string[], file: string, ...words: readonly string[]): ChildProcess {
  return spawn("env", [...through, process.execPath, join(AGENTS, file), ...words], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

const now = (): number => Number(process.hrtime.bigint()) / 1e6;

function slice(host: string, port: number): object {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "target-1", labels: { "kubernetes.io/service-name": "target" } },
    addressType: "IPv4",
    ports: [{ name: "http", port }],
    endpoints: [{ addresses: [host] }],
  };
}

const SERVICE = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "target" },
  spec: { ports: [{ name: "http", port: 80 }] },
};

function percentile(sorted: readonly number[], share: number): string {
  return (sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN).toFixed(1);
}

async function measure(changes: number): Promise<void> {
  await using namespace = await TestNamespace.create("propagation");
  const image = await programImage();
  await using _ = await ControllerDeployment.start(namespace, { image, replicas: 1 });
  await using load = await LoadPod.start(namespace, {
    image,
    proxy: ["proxy", "--controller", `eastbound-controller.${namespace.name}.svc:15110`],
    targets: [],
  });
  const [node] = await namespace.objects.list("v1", "Node");
  const { addresses = [] } = (node?.["status"] ?? {}) as {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  };
  const host =
    addresses.find(({ type, address }) => type === "InternalIP" && !address.includes(":"))?.address ?? "";
  const servers = NAMES.map((name) => startAgent(rig().inNetwork, "named-agent.ts", name, host));
  const ports = await Promise.all(
    servers.map(async (server) => ((await once(server, "message")) as [AddressInfo])[0].port),
  );
  await namespace.apply([SERVICE, slice(host, ports[0] ?? 0)]);
  const [address = ""] = await clusterIps(namespace, "target");
  const inPod = await rig().inPodNetwork(load.uid, "load");
  const probe = startAgent(inPod, "probe-agent.ts", `http://${address}/`);
  let waiting: ((report: ProbeReport) => void) | undefined;
  probe.on("message", (report: ProbeReport) => waiting?.(report));
  const arrival = (wanted: string): Promise<number> =>
    new Promise((resolve) => {
      waiting = ({ answer, atMs }) => {
        if (answer === wanted) resolve(atMs);
        else console.log(`  answered: ${answer}`);
      };
    });
  await arrival("one");
  const timesMs: number[] = [];
  const writesMs: number[] = [];
  const restsMs: number[] = [];
  for (let change = 0; change < changes + WARM_UP; change++) {
    const next = (change + 1) % NAMES.length;
    const arrived = arrival(NAMES[next] ?? "");
    const sentMs = now();
    await namespace.apply([slice(host, ports[next] ?? 0)]);
    const writtenMs = now();
    const arrivedMs = await arrived;
    if (change >= WARM_UP) {
      timesMs.push(arrivedMs - sentMs);
      writesMs.push(writtenMs - sentMs);
      // The watch may be faster than the answer.
      restsMs.push(Math.max(0, arrivedMs - writtenMs));
    }
    await delay(PAUSE_MS);
  }
  for (const child of [probe, ...servers]) child.disconnect();
  console.log(`${changes} changes of an EndpointSlice, from sending one to the API server`);
  report("to an answer of the new endpoint", timesMs);
  report("to the API server's answer", writesMs);
  report("from there to the new endpoint's", restsMs);
}

function report(what: string, timesMs: readonly number[]): void {
  const sorted = timesMs.toSorted((a, b) => a - b);
  const shares = [0.5, 0.9, 0.99].map((share) => `p${share * 100} ${percentile(sorted, share)} ms`);
  console.log(`  ${what}: ${shares.join(", ")}, most ${percentile(sorted, 1)} ms`);
}

await bootCluster();
try {
  await measure(Number(process.argv[2] ?? 300));
} finally {
  await leaveCluster();
}
