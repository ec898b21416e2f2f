import { chmod } from "node:fs/promises";
import { TemporaryFolder } from "../manifests/temporary-folder.ts";
import { createNetworkNamespace, type NetworkNamespace } from "../support/network-namespace.ts";
import { ProxyProcess } from "../support/proxy-process.ts";
import { NamespaceAgent } from "./namespace-agent.ts";
import { NamespaceController } from "./namespace-controller.ts";
import { NamespaceLoad } from "./namespace-load.ts";

/** The proxy's user: what it dials is not redirected. */
const PROXY_UID = "15100";

export const GET = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";
const METRICS = "GET /metrics HTTP/1.1\r\nHost: admin\r\n\r\n";

/** A namespace with capture rules, servers in it, and a proxy that runs as the user whom the rules spare. */
export class CapturedNetwork implements AsyncDisposable {
  readonly #resources = new AsyncDisposableStack();
  readonly network: NetworkNamespace;
  readonly agent: NamespaceAgent;
  readonly folder: TemporaryFolder;

  private constructor(network: NetworkNamespace, agent: NamespaceAgent, folder: TemporaryFolder) {
    this.network = network;
    this.folder = folder;
    this.#resources.use(network);
    this.#resources.use(folder);
    this.agent = this.#resources.use(agent);
  }

  static async create(backend: string): Promise<CapturedNetwork> {
    const network = await createNetworkNamespace();
    const agent = await NamespaceAgent.start(network.name);
    const captured = new CapturedNetwork(network, agent, await TemporaryFolder.create());
    const rule = `-t nat -A OUTPUT -p tcp -m owner ! --uid-owner ${PROXY_UID} -j REDIRECT --to-ports 15101`;
    await network.exec(`iptables-${backend}`, ...rule.split(" "), "-d", "10.96.0.0/16");
    await network.exec(`ip6tables-${backend}`, ...rule.split(" "), "-d", "fd00:10:96::/112");
    for (const address of ["10.96.0.50/32", "10.96.0.60/32"])
      await network.exec("ip", "addr", "add", address, "dev", "lo");
    await network.exec("ip", "addr", "add", "fd00:10:96::50/128", "dev", "lo", "nodad");
    return captured;
  }

  /** A proxy on the folder of manifests. */
  async startOnFolder(...flags: readonly string[]): Promise<ProxyProcess> {
    await chmod(this.folder.path, 0o755);
    return await this.start("--manifests", this.folder.path, "--capture", "redirect", ...flags);
  }

  /** A proxy with these flags that serves. */
  async start(...flags: readonly string[]): Promise<ProxyProcess> {
    const { name } = this.network;
    const ids = ["--reuid", PROXY_UID, "--regid", PROXY_UID, "--clear-groups"];
    // So that it can read the sources wherever they are.
    const capabilities = ["--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"];
    const through = ["ip", "netns", "exec", name, "setpriv", ...ids, ...capabilities];
    const proxy = this.#resources.use(new ProxyProcess({ through, flags }));
    await proxy.logged("serving");
    return proxy;
  }

  /** A controller for proxies in the namespace. */
  async startController(): Promise<NamespaceController> {
    return this.#resources.use(await NamespaceController.start(this.network.name));
  }

  /** Pods and a client under load in the namespace. */
  async startLoad(): Promise<NamespaceLoad> {
    return this.#resources.use(await NamespaceLoad.start(this.network.name));
  }

  /** The body that a client gets. */
  async get(address: string, port: number): Promise<string> {
    const { received } = await this.agent.talk(address, port, GET);
    return received.split("\r\n\r\n")[1] ?? "";
  }

  async metric(name: string): Promise<number> {
    const { received } = await this.agent.talk("127.0.0.1", 15_103, METRICS);
    const line = received.split("\n").find((candidate) => candidate.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}
