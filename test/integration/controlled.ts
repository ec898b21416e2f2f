import { HttpClient, type Target } from "../support/http-client.ts";
import { freePorts, loopbackAddress } from "../support/loopback.ts";
import { ProxyProcess, type ProxyProcessOptions } from "../support/proxy-process.ts";
import { StubController } from "../support/stub-controller.ts";

/** A controller in this process, and a sidecar behind it as a process of its own. Its listener gets no traffic. */
export class Controlled implements AsyncDisposable {
  readonly controller: StubController;
  readonly admin: Target;
  readonly metricsAddress: Target;
  readonly #client = new HttpClient(4);
  #proxy: ProxyProcess | undefined;

  private constructor(
    controller: StubController,
    address: string,
    [admin = 0, metrics = 0]: readonly number[],
  ) {
    this.controller = controller;
    this.admin = { host: address, port: admin };
    this.metricsAddress = { host: address, port: metrics };
  }

  static async create(): Promise<Controlled> {
    const address = loopbackAddress();
    return new Controlled(await StubController.start(), address, await freePorts(address, 2));
  }

  /** Starts the sidecar and waits until it serves. */
  async serve(options: Partial<ProxyProcessOptions> = {}): Promise<ProxyProcess> {
    const { admin, metricsAddress: metrics } = this;
    this.#proxy = new ProxyProcess({
      ...options,
      flags: [
        ...this.controller.flags,
        "--listen",
        `${admin.host}:0`,
        "--admin",
        `${admin.host}:${admin.port}`,
        "--metrics",
        `${metrics.host}:${metrics.port}`,
        ...(options.flags ?? []),
      ],
    });
    await this.#proxy.logged("serving");
    return this.#proxy;
  }

  /** A configuration file. */
  async write(text: string): Promise<string> {
    return await this.controller.write("eastbound.yaml", text);
  }

  async get(
    path: string,
    from: Target = this.admin,
  ): Promise<{ readonly status: number; readonly body: string }> {
    return await this.#client.ask(from, path);
  }

  /** What `/explain` says of a request; the destination is learned for it. */
  async explain(url: string, more = ""): Promise<Explained> {
    const { status, body } = await this.get(`/explain?url=${encodeURIComponent(url)}${more}`);
    return { ...(JSON.parse(body) as Explained), status };
  }

  async config(): Promise<ControlledConfig> {
    return JSON.parse((await this.get("/config")).body) as ControlledConfig;
  }

  /** Asks for `/config` until it is as wished. */
  async configUntil(isMeant: (config: ControlledConfig) => boolean): Promise<ControlledConfig> {
    for (;;) {
      const config = await this.config();
      if (isMeant(config)) return config;
    }
  }

  async metrics(): Promise<string> {
    return (await this.get("/metrics", this.metricsAddress)).body;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client[Symbol.dispose]();
    await this.#proxy?.[Symbol.asyncDispose]();
    await this.controller[Symbol.asyncDispose]();
  }
}

/** The part of an explanation that tests look at. */
export interface Explained {
  readonly status: number;
  readonly kind: string;
  readonly message?: string;
  readonly hint?: string;
  readonly problems?: readonly unknown[];
  readonly winner?: { readonly route: string };
  readonly answer?: { readonly summary: string };
  readonly backends?: readonly { readonly selection: string }[];
}

/** The part of what `/config` shows that tests look at. */
export interface ControlledConfig {
  readonly client: { readonly node?: string; readonly zone?: string };
  readonly sources: readonly {
    readonly kind: string;
    readonly isConnected: boolean;
    readonly since: string;
    readonly errors: readonly unknown[];
  }[];
  readonly subscriptions: { readonly unknown: readonly string[]; readonly waiting: readonly string[] };
  readonly frontends: readonly { readonly name: string; readonly version: string }[];
  readonly backends: readonly {
    readonly name: string;
    readonly version: string;
    readonly endpoints: readonly unknown[];
  }[];
}
