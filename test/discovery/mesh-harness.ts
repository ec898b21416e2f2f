import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backend } from "../../src/binding/backend.ts";
import type { Frontend } from "../../src/binding/frontend.ts";
import { DiscoveryClient } from "../../src/discovery/client/discovery-client.ts";
import { SnapshotFile } from "../../src/discovery/client/snapshot/snapshot-file.ts";
import { GrpcTransport } from "../../src/discovery/client/transport/grpc-transport.ts";
import { contentVersion } from "../../src/discovery/content-version.ts";
import { decodeBackend } from "../../src/discovery/encoding/decode-backend.ts";
import { decodeFrontendInSteps } from "../../src/discovery/encoding/decode-frontend.ts";
import { encodeBackend } from "../../src/discovery/encoding/encode-backend.ts";
import { encodeFrontend } from "../../src/discovery/encoding/encode-frontend.ts";
import { decodeSelf, encodeSelf } from "../../src/discovery/encoding/self.ts";
import type { EncodedResource } from "../../src/discovery/resource-types.ts";
import { DiscoveryHub } from "../../src/discovery/server/discovery-hub.ts";
import { type DiscoveryServer, startDiscoveryServer } from "../../src/discovery/server/discovery-server.ts";
import type { ResourceCatalogue } from "../../src/discovery/server/resource-catalogue.ts";
import type { ServedCertificate } from "../../src/discovery/server/tls-listener.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { TestAuthority } from "../support/certificates.ts";
import { RecordingLog, RecordingSink } from "./client/client-harness.ts";

const HOST = "eastbound-controller.eastbound-system.svc";
const TOKEN = "a-good-token";

/** What there is in the cluster. */
export class Catalogue implements ResourceCatalogue {
  readonly frontends = new Map<string, EncodedResource>();
  readonly backends = new Map<string, EncodedResource>();

  /** A Service of one port with some endpoints; its version. */
  put(address: string, service: string, endpoints: readonly string[]): { frontend: string; backend: string } {
    const frontend = frontendOf(address, service);
    const backend = backendOf(service, endpoints);
    const encoded = encodedAs(frontend.name, encodeFrontend(frontend));
    const encodedBackend = encodedAs(backend.name, encodeBackend(backend));
    this.frontends.set(frontend.name, encoded);
    this.backends.set(backend.name, encodedBackend);
    return { frontend: encoded.version, backend: encodedBackend.version };
  }

  frontend(name: string): EncodedResource | undefined {
    return this.frontends.get(name);
  }

  backend(name: string): EncodedResource | undefined {
    return this.backends.get(name);
  }

  self(): EncodedResource {
    return encodedAs("self", encodeSelf({ node: "node-1", zone: "zone-a" }));
  }
}

function encodedAs(name: string, bytes: Uint8Array): EncodedResource {
  return { name, version: contentVersion(bytes), bytes };
}

export function frontendOf(address: string, service: string): Frontend {
  return {
    name: `${address}:80`,
    address,
    port: 80,
    service: { namespace: "shop", name: service },
    protocol: "http",
    backend: `shop/${service}:80`,
  };
}

function backendOf(service: string, endpoints: readonly string[]): Backend {
  return {
    name: `shop/${service}:80`,
    namespace: "shop",
    service,
    port: 80,
    clusterIPs: [],
    protocol: "http",
    endpoints: endpoints.map((address) => ({
      address,
      port: 8080,
      family: 4,
      isReady: true,
      isServing: true,
      isTerminating: false,
      hintZones: [],
      hintNodes: [],
    })),
    internalTrafficPolicy: "Cluster",
    sessionAffinity: { kind: "None" },
  };
}

/** One replica of the controller, as far as discovery goes. */
export class Replica implements AsyncDisposable {
  readonly hub: DiscoveryHub;
  readonly server: DiscoveryServer;
  readonly refusals: string[];
  readonly nacks: { readonly names: readonly string[]; readonly reason: string }[];

  private constructor(
    hub: DiscoveryHub,
    server: DiscoveryServer,
    refusals: string[],
    nacks: Replica["nacks"],
  ) {
    this.hub = hub;
    this.server = server;
    this.refusals = refusals;
    this.nacks = nacks;
  }

  static async start(
    catalogue: ResourceCatalogue,
    certificate: ServedCertificate,
    address: { readonly host: string; readonly port: number },
  ): Promise<Replica> {
    const refusals: string[] = [];
    const nacks: Replica["nacks"] = [];
    const now = (): number => performance.now();
    const hub = new DiscoveryHub({
      catalogue,
      now,
      defer: (run) => setImmediate(run),
      events: {
        onPush: () => undefined,
        onAck: () => undefined,
        onNack: ({ names, reason }) => nacks.push({ names, reason }),
      },
    });
    const server = await startDiscoveryServer({
      address,
      hub,
      authenticate: (token) =>
        Promise.resolve(
          token === TOKEN
            ? {
                kind: "ok",
                identity: { namespace: "shop", pod: "web-1", serviceAccount: "web" },
                expiresAtMs: Date.now() + 3_600_000,
              }
            : { kind: "refused", reason: "the token is not known" },
        ),
      certificates: { current: () => certificate, onChange: () => () => undefined },
      events: {
        onRefusedConnection: (reason) => refusals.push(reason),
        onRefusedToken: (reason) => refusals.push(reason),
        onAuthenticationFailure: () => undefined,
        onBadCertificate: () => undefined,
      },
      clock: { now, wallTime: () => Date.now() },
      random: () => 0.5,
    });
    return new Replica(hub, server, refusals, nacks);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}

/** Records what is in force, and tells when it becomes what a test waits for. */
class WatchedSink extends RecordingSink {
  #onCall = Promise.withResolvers<undefined>();

  override putFrontend(frontend: Frontend, version: string, onInForce: () => void): void {
    super.putFrontend(frontend, version, onInForce);
    this.changed();
  }

  override removeFrontend(name: string): void {
    super.removeFrontend(name);
    this.changed();
  }

  override putBackend(backend: Backend, version: string): void {
    super.putBackend(backend, version);
    this.changed();
  }

  changed(): void {
    this.#onCall.resolve(undefined);
    this.#onCall = Promise.withResolvers();
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await this.#onCall.promise;
  }
}

/** A sidecar's client with real files and sockets, and little patience between attempts. */
export class Sidecar implements AsyncDisposable {
  readonly sink = new WatchedSink();
  readonly log = new RecordingLog();
  readonly client: DiscoveryClient;

  constructor(files: SidecarFiles, port: number, addresses: () => readonly string[]) {
    const transport = new GrpcTransport({
      host: HOST,
      port,
      caFile: files.ca,
      tokenFile: files.token,
      clock: systemClock,
      node: { id: "shop/web-1", version: "0.1.0" },
    });
    this.client = new DiscoveryClient({
      clock: systemClock,
      random: () => 0,
      log: this.log,
      sink: this.sink,
      codec: { frontend: decodeFrontendInSteps, backend: decodeBackend, self: decodeSelf },
      transport: {
        resolve: () => Promise.resolve(addresses()),
        open: (address, listener) =>
          transport.open(address, {
            ...listener,
            onOpen: () => {
              listener.onOpen();
              this.sink.changed();
            },
            onEnd: (end) => {
              listener.onEnd(end);
              this.sink.changed();
            },
          }),
      },
      snapshots: new SnapshotFile(files.snapshot),
    });
    this.client.start();
  }

  async learn(name: string): Promise<boolean> {
    return await new Promise((resolve) => {
      if (this.client.learn(name, resolve) === undefined) resolve(false);
    });
  }

  /** Waits until it is connected, or is not. */
  async connection(isConnected: boolean): Promise<void> {
    await this.sink.until(() => this.client.connection.isConnected === isConnected);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.stop();
  }
}

/** What is projected into a pod, and where it keeps its snapshot. */
export class SidecarFiles implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "eastbound-sidecar-"));
  readonly ca = join(this.#folder, "ca.crt");
  readonly token = join(this.#folder, "token");
  readonly snapshot = join(this.#folder, "snapshot");

  constructor(ca: string, token = TOKEN) {
    this.write({ ca, token });
  }

  write({ ca, token }: { readonly ca?: string; readonly token?: string }): void {
    if (ca !== undefined) writeFileSync(this.ca, ca);
    if (token !== undefined) writeFileSync(this.token, token);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}

export async function createTrust(): Promise<{
  readonly authority: TestAuthority;
  readonly certificate: ServedCertificate;
}> {
  const authority = await TestAuthority.create();
  return { authority, certificate: await authority.certify([HOST]) };
}
