import { TemporaryFolder } from "../manifests/temporary-folder.ts";
import { type Answer, HttpClient, type Target } from "../support/http-client.ts";
import { freePorts, loopbackAddress } from "../support/loopback.ts";
import {
  type EndpointManifest,
  type Manifest,
  manifestText,
  type ServiceManifest,
  serviceManifests,
} from "../support/manifests.ts";
import { ProxyProcess, type ProxyProcessOptions } from "../support/proxy-process.ts";

/** A place for a proxy: a folder of manifests, an address of loopback and ports on it for Services. */
export class Standalone implements AsyncDisposable {
  readonly folder: TemporaryFolder;
  readonly address: string;
  readonly admin: Target;
  readonly client = new HttpClient(16);
  readonly #ports: readonly number[];
  #proxy: ProxyProcess | undefined;

  private constructor(folder: TemporaryFolder, address: string, ports: readonly number[]) {
    this.folder = folder;
    this.address = address;
    this.#ports = ports;
    this.admin = { host: address, port: this.port(0) };
  }

  static async create(): Promise<Standalone> {
    const address = loopbackAddress();
    return new Standalone(await TemporaryFolder.create(), address, await freePorts(address, 6));
  }

  /** The port for the Service of that number; 0 is that of the admin endpoints. */
  port(number: number): number {
    return this.#ports[number] ?? 0;
  }

  service(number: number): Target {
    return { host: this.address, port: this.port(number) };
  }

  /** The Service of that number, with endpoints at the servers. */
  manifests(
    number: number,
    name: string,
    servers: readonly EndpointManifest[],
    rest: Partial<ServiceManifest> = {},
  ): readonly Manifest[] {
    const port = this.port(number);
    return serviceManifests({ name, addresses: [this.address], port, endpoints: servers, ...rest });
  }

  write(file: string, ...objects: readonly Manifest[]): Promise<void> {
    return this.folder.write(file, manifestText(...objects));
  }

  /** Starts the proxy, and returns at once. */
  start(options: Partial<ProxyProcessOptions> = {}): ProxyProcess {
    this.#proxy = new ProxyProcess({
      ...options,
      flags: [
        "--manifests",
        this.folder.path,
        "--admin",
        `${this.admin.host}:${this.admin.port}`,
        ...(options.flags ?? []),
      ],
    });
    return this.#proxy;
  }

  /** Starts the proxy and waits until it serves. */
  async serve(options: Partial<ProxyProcessOptions> = {}): Promise<ProxyProcess> {
    const proxy = this.start(options);
    await proxy.logged("serving");
    return proxy;
  }

  ask(number: number, path = "/", options: Parameters<HttpClient["ask"]>[2] = {}): Promise<Answer> {
    return this.client.ask(this.service(number), path, options);
  }

  /** Asks over a connection of its own. */
  async askAlone(number: number, path = "/"): Promise<Answer> {
    using client = new HttpClient();
    return await client.ask(this.service(number), path);
  }

  /** Asks until the answer is as wished; returns how many ms that took. */
  async askUntil(number: number, path: string, isMeant: (answer: Answer) => boolean): Promise<number> {
    const startedMs = performance.now();
    while (!isMeant(await this.ask(number, path))) continue;
    return performance.now() - startedMs;
  }

  /** What `/config` says. */
  async config(): Promise<Config> {
    return JSON.parse((await this.client.ask(this.admin, "/config")).body) as Config;
  }

  async metrics(): Promise<string> {
    return (await this.client.ask(this.admin, "/metrics")).body;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client[Symbol.dispose]();
    await this.#proxy?.[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

/** The part of what `/config` shows that tests look at. */
export interface Config {
  readonly sources: readonly { readonly errors: readonly Manifest[] }[];
  readonly listenErrors: readonly { readonly message: string }[];
  readonly frontends: readonly { readonly name: string; readonly version: string }[];
  readonly backends: readonly { readonly name: string; readonly version: string }[];
  readonly routes: readonly Manifest[];
}
