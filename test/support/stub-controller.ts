import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Backend, backendName, type Endpoint } from "../../src/binding/backend.ts";
import { type BoundRule, type Frontend, frontendName } from "../../src/binding/frontend.ts";
import { contentVersion } from "../../src/discovery/content-version.ts";
import { encodeBackend } from "../../src/discovery/encoding/encode-backend.ts";
import { encodeFrontend } from "../../src/discovery/encoding/encode-frontend.ts";
import { encodeSelf } from "../../src/discovery/encoding/self.ts";
import { type EncodedResource, SELF_NAME, type Self } from "../../src/discovery/resource-types.ts";
import { DiscoveryHub } from "../../src/discovery/server/discovery-hub.ts";
import { type DiscoveryServer, startDiscoveryServer } from "../../src/discovery/server/discovery-server.ts";
import type { SessionView } from "../../src/discovery/server/session-view.ts";
import { selfSigned } from "./self-signed.ts";

/** A Service port, its endpoints, and what its one route says. */
export interface StubService {
  readonly namespace?: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly endpoints: readonly { readonly address: string; readonly port: number; readonly zone?: string }[];
  readonly protocol?: Frontend["protocol"];
  /** Rules of an HTTPRoute; without them no route is bound. */
  readonly rules?: readonly BoundRule[];
  readonly fields?: Partial<Backend>;
}

const HOST = "127.0.0.1";
const NAMESPACE = "shop";

function endpointOf({ address, port, zone }: StubService["endpoints"][number]): Endpoint {
  return {
    address,
    port,
    family: address.includes(":") ? 6 : 4,
    isReady: true,
    isServing: true,
    isTerminating: false,
    ...(zone !== undefined && { zone }),
    hintZones: [],
    hintNodes: [],
  };
}

function stubBackend({
  namespace = NAMESPACE,
  name,
  address,
  port,
  endpoints,
  fields,
}: StubService): Backend {
  return {
    name: backendName(namespace, name, port),
    namespace,
    service: name,
    port,
    clusterIPs: [address],
    protocol: "http",
    endpoints: endpoints.map(endpointOf),
    internalTrafficPolicy: "Cluster",
    sessionAffinity: { kind: "None" },
    ...fields,
  };
}

function stubFrontend(service: StubService): Frontend {
  const { namespace = NAMESPACE, name, address, port, protocol = "http", rules } = service;
  const routes = rules && [{ namespace, name, rules }];
  return {
    name: frontendName(address, port),
    address,
    port,
    service: { namespace, name },
    protocol,
    backend: backendName(namespace, name, port),
    ...(routes && { routes: { kind: "HTTPRoute", scope: { kind: "producer" }, routes } }),
  };
}

/** A rule that sends everything below a path to a Service. */
export function stubRule(
  prefix: string,
  to: Pick<StubService, "namespace" | "name" | "port">,
  index = 0,
): BoundRule {
  const { namespace = NAMESPACE, name, port } = to;
  return {
    index,
    matches: [{ path: { kind: "PathPrefix", value: prefix }, headers: [], queryParams: [] }],
    filters: [],
    backends: [
      { target: { kind: "Backend", name: backendName(namespace, name, port) }, weight: 1, filters: [] },
    ],
    timeouts: {},
  };
}

/** The controller's own server for sidecars, with what a test puts into it. Every token is good. */
export class StubController implements AsyncDisposable {
  #port: number;
  readonly caFile: string;
  readonly tokenFile: string;
  readonly #folder: string;
  readonly #certificate: { readonly cert: string; readonly key: string };
  readonly #frontends = new Map<string, EncodedResource>();
  readonly #backends = new Map<string, EncodedResource>();
  #self: Self = {};
  #server: DiscoveryServer | undefined;
  readonly #hub: DiscoveryHub;
  /** What sidecars refused. */
  readonly nacks: string[] = [];

  private constructor(
    folder: string,
    certificate: { readonly cert: string; readonly key: string },
    port: number,
  ) {
    this.#folder = folder;
    this.#certificate = certificate;
    this.#port = port;
    this.caFile = join(folder, "ca.crt");
    this.tokenFile = join(folder, "token");
    this.#hub = new DiscoveryHub({
      catalogue: {
        frontend: (name) => this.#frontends.get(name),
        backend: (name) => this.#backends.get(name),
        self: () => encoded(SELF_NAME, encodeSelf(this.#self)),
      },
      now: () => performance.now(),
      defer: (run) => void setImmediate(run),
      events: {
        onPush: () => undefined,
        onAck: () => undefined,
        onNack: ({ reason }) => this.nacks.push(reason),
      },
    });
  }

  /** @param port 0 for any: it stays the same over restarts */
  static async start(port = 0): Promise<StubController> {
    const folder = await mkdtemp(join(tmpdir(), "eastbound-controller-"));
    const certificate = await selfSigned();
    const claims = Buffer.from(JSON.stringify({ "kubernetes.io": { namespace: NAMESPACE } }));
    const controller = new StubController(folder, certificate, port);
    await writeFile(controller.caFile, certificate.cert);
    await writeFile(controller.tokenFile, `header.${claims.toString("base64url")}.signature\n`);
    await controller.serve();
    return controller;
  }

  /** Writes a file that is there for as long as this. @returns its path */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.#folder, name);
    await writeFile(path, text);
    return path;
  }

  get port(): number {
    return this.#port;
  }

  /** Begins to serve, if it does not. */
  async serve(): Promise<void> {
    this.#server ??= await startDiscoveryServer({
      address: { host: HOST, port: this.#port },
      hub: this.#hub,
      authenticate: () =>
        Promise.resolve({
          kind: "ok",
          identity: { namespace: NAMESPACE, pod: "pod", serviceAccount: "default" },
          expiresAtMs: Date.now() + 3_600_000,
        }),
      certificates: {
        current: () => ({ chain: this.#certificate.cert, key: this.#certificate.key }),
        onChange: () => () => undefined,
      },
      events: {
        onRefusedConnection: () => undefined,
        onRefusedToken: () => undefined,
        onAuthenticationFailure: () => undefined,
        onBadCertificate: () => undefined,
      },
      clock: { now: () => performance.now(), wallTime: () => Date.now() },
      random: Math.random,
    });
    this.#port = this.#server.port;
  }

  /** Serves no longer, as a replica that is shut down. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.[Symbol.asyncDispose]();
  }

  get flags(): readonly string[] {
    return [
      "--controller",
      `${HOST}:${this.port}`,
      "--controller-ca",
      this.caFile,
      "--controller-token",
      this.tokenFile,
      "--snapshot",
      join(this.#folder, "snapshot"),
    ];
  }

  /** Has a Service with this address, and tells who wants to know. */
  put(...services: readonly StubService[]): void {
    for (const service of services) {
      const [frontend, backend] = [stubFrontend(service), stubBackend(service)];
      this.#frontends.set(frontend.name, encoded(frontend.name, encodeFrontend(frontend)));
      this.#backends.set(backend.name, encoded(backend.name, encodeBackend(backend)));
    }
    this.#publish(services);
  }

  remove(service: StubService): void {
    this.#frontends.delete(stubFrontend(service).name);
    this.#backends.delete(stubBackend(service).name);
    this.#publish([service]);
  }

  /** Where it says that its sidecars run. */
  place(self: Self): void {
    this.#self = self;
    this.#hub.publish({ frontends: [], backends: [], selves: true });
  }

  sessions(): readonly SessionView[] {
    return [...this.#hub.sessions()];
  }

  #publish(services: readonly StubService[]): void {
    const frontends = services.map((service) => stubFrontend(service).name);
    const backends = services.map((service) => stubBackend(service).name);
    this.#hub.publish({ frontends, backends, selves: false });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true });
  }
}

function encoded(name: string, bytes: Uint8Array): EncodedResource {
  return { name, version: contentVersion(bytes), bytes };
}
