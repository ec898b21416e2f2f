import { strict as assert } from "node:assert";
import { setTimeout as delay } from "node:timers/promises";
import { type ParsedSample, parseExposition } from "../../support/parse-exposition.ts";
import type { LoadReport, LoadTarget } from "../image/load-report.ts";
import { rig } from "./cluster.ts";
import { meshedPod } from "./meshed-pod.ts";
import { NetworkClient } from "./network-client.ts";
import type { AnyObject } from "./objects.ts";
import type { TestNamespace } from "./test-namespace.ts";

const LOAD_PORT = 9000;

export interface LoadPodOptions {
  readonly name?: string;
  readonly image: string;
  /** The words after `eastbound`; those that every sidecar has are added. */
  readonly proxy: readonly string[];
  readonly targets: readonly LoadTarget[];
  /** Whether it sends from its start on, or from `resume` on. */
  readonly isPaused?: boolean;
  readonly volumes?: readonly object[];
  readonly mounts?: readonly object[];
  readonly environment?: Readonly<Record<string, string>>;
}

export interface MetricWait {
  readonly labels?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** A pod whose application calls services through its sidecar, at a steady rate from its start on. */
export class LoadPod implements AsyncDisposable {
  readonly uid: string;
  readonly name: string;
  readonly address: string;
  readonly #namespace: TestNamespace;
  readonly #network: NetworkClient;

  private constructor(namespace: TestNamespace, pod: AnyObject) {
    this.#namespace = namespace;
    this.name = pod.metadata.name;
    this.uid = pod.metadata.uid ?? "";
    this.address = (pod["status"] as { readonly podIP: string }).podIP;
    this.#network = new NetworkClient(rig().inNetwork);
  }

  static async start(namespace: TestNamespace, options: LoadPodOptions): Promise<LoadPod> {
    const { name = "load", image, targets, proxy } = options;
    const manifest = meshedPod({
      ...options,
      name,
      proxy: [...proxy, "--capture", "redirect", "--metrics", ":15102"],
      container: {
        name: "load",
        image,
        command: ["node", "/opt/eastbound/load-client.ts"],
        securityContext: { runAsUser: 1000 },
        env: [
          { name: "LOAD", value: JSON.stringify(targets) },
          { name: "PAUSED", value: options.isPaused === true ? "yes" : "no" },
          { name: "LISTEN", value: String(LOAD_PORT) },
        ],
        readinessProbe: { tcpSocket: { port: LOAD_PORT }, periodSeconds: 1 },
      },
    });
    await namespace.apply([manifest]);
    const pod = await namespace.until("v1", "Pod", name, (each) => isReady(each), {
      what: "become ready",
      timeoutMs: 60_000,
    });
    assert.ok(pod);
    return new LoadPod(namespace, pod);
  }

  /** What became of the load so far. */
  report(): Promise<LoadReport> {
    return this.#load("report");
  }

  /** Resolves when every target had so many more answers or failures. */
  after(count: number): Promise<LoadReport> {
    return this.#load(`after/${count}`);
  }

  /** Sends nothing more; resolves when the last answer is there. */
  pause(): Promise<LoadReport> {
    return this.#load("pause");
  }

  resume(): Promise<LoadReport> {
    return this.#load("resume");
  }

  async #load(what: string): Promise<LoadReport> {
    const url = `http://${this.address}:${LOAD_PORT}/${what}`;
    return JSON.parse((await this.#network.request({ url, timeoutMs: 120_000 })).body) as LoadReport;
  }

  /** The sum of the sidecar's samples with a name and, if given, such labels. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    return sumOf(await this.samples(), name, labels);
  }

  /** Waits until the sum of such samples is as wanted: nothing tells when it is, so it is asked for again and again. */
  async untilMetric(
    name: string,
    isWanted: (value: number) => boolean,
    { labels = {}, timeoutMs = 30_000 }: MetricWait = {},
  ): Promise<number> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const value = await this.metric(name, labels);
      if (isWanted(value)) return value;
      if (performance.now() > end) throw new Error(`${name} is ${value} after ${timeoutMs} ms`);
      await delay(100);
    }
  }

  /** All samples of the sidecar's metrics. */
  async samples(): Promise<readonly ParsedSample[]> {
    const { body } = await this.#network.request({ url: `http://${this.address}:15102/metrics` });
    return parseExposition(body, "prometheus").flatMap(({ samples }) => samples);
  }

  /** The last lines that the sidecar printed. */
  async sidecarLog(lines: number): Promise<readonly string[]> {
    const path = `/api/v1/namespaces/${this.#namespace.name}/pods/${this.name}/log`;
    const query = { container: "eastbound-proxy", tailLines: String(lines) };
    return String(await this.#namespace.objects.api.call(path, { query }))
      .trim()
      .split("\n");
  }

  /** Asks the sidecar's admin endpoints, which only the pod itself can. */
  async admin(path: string): Promise<string> {
    await using client = new NetworkClient(await rig().inPodNetwork(this.uid, "load"));
    return (await client.request({ url: `http://127.0.0.1:15103${path}` })).body;
  }

  /** Kills the sidecar, and waits until the kubelet has started it again and it is ready. */
  async restartSidecar(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const [pid] = await rig().containerPids(this.uid, "eastbound-proxy");
    assert.ok(pid);
    const before = sidecarOf(await this.#namespace.read("v1", "Pod", this.name));
    process.kill(pid, signal);
    await this.#namespace.until(
      "v1",
      "Pod",
      this.name,
      (pod) => {
        const now = sidecarOf(pod);
        return now?.started === true && now.restartCount > (before?.restartCount ?? 0);
      },
      { what: "have its sidecar started again", timeoutMs: 60_000 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#network[Symbol.asyncDispose]();
    await this.#namespace.delete([{ apiVersion: "v1", kind: "Pod", metadata: { name: this.name } }]);
  }
}

function sumOf(
  samples: readonly ParsedSample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  return samples
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

interface ContainerStatus {
  readonly name: string;
  readonly started?: boolean;
  readonly restartCount: number;
}

interface PodStatus {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
}

function statusOf(pod: AnyObject | undefined): PodStatus {
  return pod?.["status"] ?? {};
}

function isReady(pod: AnyObject | undefined): boolean {
  const { conditions = [] } = statusOf(pod);
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
}

function sidecarOf(pod: AnyObject | undefined): ContainerStatus | undefined {
  return statusOf(pod).initContainerStatuses?.find(({ name }) => name === "eastbound-proxy");
}
