import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { Agent, type RequestOptions, request } from "node:https";
import { join } from "node:path";
import { promisify } from "node:util";
import { cluster } from "../support/cluster.ts";
import { TestNamespace } from "../support/test-namespace.ts";
import type { ReflectorMeasurement } from "./measure-reflectors.ts";

/** SERVICES=10000 is the size that is promised; fewer show the same in less time. */
const SERVICES = Number(process.env["SERVICES"] ?? 2_000);
const ENDPOINTS_EACH = 10;
const PARALLEL = 24;

/** Keeps kube-proxy from making packet rules of all this. */
const labels = { "service.kubernetes.io/service-proxy-name": "none.eastbound.test" };

/** Sends many requests over few connections. */
class Bulk {
  readonly #agent: Agent;
  readonly #options: RequestOptions;
  readonly #server: string;

  private constructor(options: RequestOptions, server: string) {
    const { ca, cert, key } = options;
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: PARALLEL,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
    this.#options = options;
    this.#server = server;
  }

  static async create(): Promise<Bulk> {
    const options: RequestOptions = {};
    await cluster().config.applyToHTTPSOptions(options);
    return new Bulk(options, cluster().config.getCurrentCluster()?.server ?? "");
  }

  async createAll(path: string, count: number, make: (i: number) => object): Promise<void> {
    let next = 0;
    const work = async (): Promise<void> => {
      for (let i = next++; i < count; i = next++) await this.#post(path, make(i));
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
  }

  end(): void {
    this.#agent.destroy();
  }

  #post(path: string, body: object): Promise<void> {
    return new Promise((resolve, reject) => {
      const headers = { ...(this.#options.headers as object), "content-type": "application/json" };
      const options = { ...this.#options, agent: this.#agent, method: "POST", headers };
      const sent = request(this.#server + path, options, (response) => {
        response.resume();
        response.on("end", () =>
          response.statusCode === 201 ? resolve() : reject(new Error(`${path}: ${response.statusCode}`)),
        );
      });
      sent.on("error", reject);
      sent.end(JSON.stringify(body));
    });
  }
}

function service(i: number): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: `service-${i}`, labels: { ...labels, app: `service-${i}`, tier: "backend" } },
    spec: { ports: [{ name: "http", port: 80, targetPort: 8080 }] },
  };
}

function slice(i: number): object {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: `service-${i}-x7k2p`,
      labels: { ...labels, "kubernetes.io/service-name": `service-${i}`, app: `service-${i}` },
      annotations: { "endpoints.kubernetes.io/last-change-trigger-time": "2026-11-24T10:00:00Z" },
    },
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    endpoints: Array.from({ length: ENDPOINTS_EACH }, (_, e) => endpoint(i, i * ENDPOINTS_EACH + e)),
  };
}

function endpoint(i: number, n: number): object {
  return {
    addresses: [`10.${128 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`],
    conditions: { ready: true, serving: true, terminating: false },
    nodeName: `ip-10-0-${n % 100}-17.eu-central-1.compute.internal`,
    zone: `eu-central-1${"abc"[n % 3]}`,
    hints: { forZones: [{ name: `eu-central-1${"abc"[n % 3]}` }] },
    targetRef: {
      kind: "Pod",
      namespace: "load",
      name: `service-${i}-6d4b75cb6d-${n.toString(36)}`,
      uid: `8a3f61c2-93a1-4e0f-b7f0-${String(n).padStart(12, "0")}`,
    },
  };
}

describe(`reflectors of ${SERVICES} Services with ${SERVICES * ENDPOINTS_EACH} endpoints`, () => {
  let namespace: TestNamespace;

  before(async function () {
    this.timeout(600_000);
    namespace = await TestNamespace.create("load");
    const bulk = await Bulk.create();
    const root = `/namespaces/${namespace.name}`;
    await bulk.createAll(`/api/v1${root}/services`, SERVICES, service);
    await bulk.createAll(`/apis/discovery.k8s.io/v1${root}/endpointslices`, SERVICES, slice);
    bulk.end();
  });
  after(async () => namespace[Symbol.asyncDispose]());

  it("take bounded memory, and let other work of the program go on", async function () {
    this.timeout(120_000);
    const script = join(import.meta.dirname, "measure-reflectors.ts");
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--expose-gc", script, cluster().kubeconfig],
      { timeout: 110_000 },
    );
    const measured = JSON.parse(stdout) as ReflectorMeasurement;
    process.stdout.write(`${JSON.stringify(measured)}\n`);
    const { before, sync, listAgain, objects } = measured;
    assert.ok((objects["Service"] ?? 0) >= SERVICES);
    assert.ok((objects["EndpointSlice"] ?? 0) >= SERVICES);
    assert.ok(sync.changes >= 2 * SERVICES);
    const share = SERVICES / 10_000;
    assert.ok(sync.after - before <= 90 * share + 10, "what is kept");
    assert.ok(sync.peak - before <= 160 * share + 40, "what the first lists take at the most");
    assert.ok(listAgain.after - sync.after <= 10, "nothing more is kept after lists anew");
    assert.ok(listAgain.changes <= 20, "lists anew of what did not change are no changes");
  });
});
