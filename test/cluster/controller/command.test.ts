import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { controllerPermissions } from "../../../src/controller/controller-permissions.ts";
import { TemporaryFolder } from "../../manifests/temporary-folder.ts";
import { HttpClient } from "../../support/http-client.ts";
import { freePorts, loopbackAddress } from "../../support/loopback.ts";
import { parseExposition } from "../../support/parse-exposition.ts";
import { ProxyProcess } from "../../support/proxy-process.ts";
import type { AnyObject } from "../support/objects.ts";
import { RestrictedConfig } from "../support/restricted-config.ts";
import { TestNamespace } from "../support/test-namespace.ts";

interface Config {
  readonly replica: string;
  readonly isReady: boolean;
  readonly leadership: { readonly isLeading: boolean; readonly leader: string };
  readonly certificate: { readonly expires: string; readonly authorityExpires: string };
  readonly reflectors: readonly { readonly kind: string; readonly state: string; readonly objects: number }[];
  readonly routes: readonly { readonly namespace: string; readonly name: string }[];
  readonly frontends: readonly {
    readonly name: string;
    readonly clients: string;
    readonly version: string;
  }[];
}

const SERVICE = `
apiVersion: v1
kind: Service
metadata: { name: cart }
spec: { ports: [{ name: http, port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart }
spec: { parentRefs: [{ group: "", kind: Service, name: cart }] }
`;

/** A replica as a process of this machine, with no more permissions than it says to need. */
class Replica implements AsyncDisposable {
  readonly process: ProxyProcess;
  readonly #client = new HttpClient(4);
  readonly #host: string;
  readonly #port: number;

  constructor(
    name: string,
    namespace: string,
    kubeconfig: string,
    place: { host: string; ports: readonly number[] },
  ) {
    const [listen = 0, metrics = 0, admin = 0] = place.ports;
    this.#host = place.host;
    this.#port = admin;
    const at = (port: number): string => `${place.host}:${port}`;
    this.process = new ProxyProcess({
      command: "controller",
      flags: [
        `--listen=${at(listen)}`,
        `--metrics=${at(metrics)}`,
        `--admin=${at(admin)}`,
        `--identity=${name}`,
        `--namespace=${namespace}`,
        `--kubeconfig=${kubeconfig}`,
      ],
    });
  }

  static async start(name: string, namespace: string, kubeconfig: string): Promise<Replica> {
    const host = loopbackAddress();
    const replica = new Replica(name, namespace, kubeconfig, { host, ports: await freePorts(host, 3) });
    await replica.process.logged("serving");
    return replica;
  }

  async get(path: string): Promise<{ readonly status: number; readonly body: string }> {
    return await this.#client.ask({ host: this.#host, port: this.#port }, path);
  }

  async config(): Promise<Config> {
    return JSON.parse((await this.get("/config")).body) as Config;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client[Symbol.dispose]();
    await this.process[Symbol.asyncDispose]();
  }
}

const holderOf = (lease: AnyObject | undefined): string =>
  (lease?.["spec"] as { readonly holderIdentity?: string } | undefined)?.holderIdentity ?? "";

describe("eastbound controller, as a process", () => {
  it("serves, shows what it knows, and gives the Lease to the next when told to end", async () => {
    await using folder = await TemporaryFolder.create();
    await using namespace = await TestNamespace.create("command");
    await using restricted = await RestrictedConfig.create(namespace, controllerPermissions);
    const kubeconfig = join(folder.path, "kubeconfig");
    await writeFile(kubeconfig, restricted.config.exportConfig());
    await namespace.apply(SERVICE);

    await using one = await Replica.start("one", namespace.name, kubeconfig);
    assert.equal((await one.get("/ready")).status, 200);
    const config = await one.config();
    assert.equal(config.replica, "one");
    assert.equal(config.leadership.isLeading, true);
    assert.match(config.leadership.leader, /^one_[0-9a-f]{8}$/);
    assert.ok(Date.parse(config.certificate.authorityExpires) > Date.parse(config.certificate.expires));
    assert.ok(config.routes.some((route) => route.namespace === namespace.name && route.name === "cart"));
    assert.deepEqual(
      config.reflectors.map(({ kind, state }) => `${kind} ${state}`),
      ["Node", "Service", "EndpointSlice", "HTTPRoute", "Namespace", "ConfigMap", "Secret"].map(
        (kind) => `${kind} watching`,
      ),
    );

    await using two = await Replica.start("two", namespace.name, kubeconfig);
    const versions = ({ frontends }: Config) =>
      frontends.map(({ name, clients, version }) => [name, clients, version]);
    assert.deepEqual(versions(await two.config()), versions(await one.config()));
    assert.equal((await two.config()).leadership.leader, config.leadership.leader);
    assert.deepEqual(JSON.parse((await two.get("/sidecars")).body), { controller: "two", sidecars: [] });
    const families = parseExposition((await two.get("/metrics")).body, "prometheus");
    const leader = families.find(({ name }) => name === "eastbound_controller_leader");
    assert.deepEqual(
      leader?.samples.map(({ value }) => value),
      [0],
    );

    one.process.signal("SIGTERM");
    assert.equal(await one.process.ended, 0);
    await two.process.logged("leading");
    await namespace.until("coordination.k8s.io/v1", "Lease", "eastbound-controller", (lease) =>
      holderOf(lease).startsWith("two_"),
    );
  });

  it("ends when it is told to while it waits for the API server", async () => {
    await using folder = await TemporaryFolder.create();
    const host = loopbackAddress();
    const [nobody = 0, ...ports] = await freePorts(host, 4);
    await folder.write("kubeconfig", JSON.stringify(kubeconfigOf(`https://${host}:${nobody}`)));
    await using replica = new Replica("lost", "default", join(folder.path, "kubeconfig"), { host, ports });
    await replica.process.logged("request to the API server failed");
    const { status, body } = await replica.get("/ready");
    assert.deepEqual([status, body], [503, "listing objects\n"]);
    replica.process.signal("SIGTERM");
    assert.equal(await replica.process.ended, 0);
  });
});

function kubeconfigOf(server: string): object {
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "a", cluster: { server } }],
    users: [{ name: "a", user: {} }],
    contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
    "current-context": "a",
  };
}
