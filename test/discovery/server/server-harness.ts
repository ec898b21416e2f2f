import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { Client, type ClientDuplexStream, credentials, Metadata, type StatusObject } from "@grpc/grpc-js";
import {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
} from "../../../src/discovery/generated/envoy/service/discovery/v3/discovery.ts";
import { DELTA_METHOD, type ResourceType, typeUrl } from "../../../src/discovery/resource-types.ts";
import type { Authenticate } from "../../../src/discovery/server/authentication.ts";
import { DiscoveryHub } from "../../../src/discovery/server/discovery-hub.ts";
import {
  type DiscoveryServer,
  type ServerLimits,
  startDiscoveryServer,
} from "../../../src/discovery/server/discovery-server.ts";
import type { CertificateSource, ServedCertificate } from "../../../src/discovery/server/tls-listener.ts";
import type { TestAuthority } from "../../support/certificates.ts";
import { FakeCatalogue } from "./hub-harness.ts";

/** A certificate that tests can change. */
export class FakeCertificates implements CertificateSource {
  #current: ServedCertificate | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(current?: ServedCertificate) {
    this.#current = current;
  }

  current(): ServedCertificate | undefined {
    return this.#current;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  change(to: ServedCertificate): void {
    this.#current = to;
    for (const listener of this.#listeners) listener();
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}

/** `good` is a sidecar's token; others are refused for what they say. */
const authenticateByText: Authenticate = async (token) =>
  token === "good"
    ? {
        kind: "ok",
        identity: { namespace: "shop", pod: "cart-1", serviceAccount: "cart" },
        expiresAtMs: Date.now() + 3_600_000,
      }
    : { kind: "refused", reason: token };

export interface ServerFixtureOptions {
  readonly port?: number;
  readonly certificates?: FakeCertificates;
  readonly authenticate?: Authenticate;
  readonly limits?: Partial<ServerLimits>;
}

/** A server on a free port, with what it said, and clients that go with it. */
export class ServerFixture implements AsyncDisposable {
  readonly catalogue = new FakeCatalogue();
  readonly hub: DiscoveryHub;
  readonly server: DiscoveryServer;
  /** What the server told of: `connection plain-text`, `token …`. */
  readonly told: string[];
  readonly #emitter: EventEmitter;
  readonly #clients: SidecarClient[] = [];
  readonly #ca: string;

  private constructor(
    server: DiscoveryServer,
    parts: {
      hub: DiscoveryHub;
      catalogue: FakeCatalogue;
      told: string[];
      emitter: EventEmitter;
      ca: string;
    },
  ) {
    this.server = server;
    this.hub = parts.hub;
    this.catalogue = parts.catalogue;
    this.told = parts.told;
    this.#emitter = parts.emitter;
    this.#ca = parts.ca;
  }

  static async start(authority: TestAuthority, options: ServerFixtureOptions = {}): Promise<ServerFixture> {
    const { authenticate = authenticateByText, limits = {} } = options;
    const certificates =
      options.certificates ?? new FakeCertificates(await authority.certify(["localhost", "127.0.0.1"]));
    const told: string[] = [];
    const emitter = new EventEmitter();
    const tell = (what: string): void => {
      told.push(what);
      emitter.emit("told");
    };
    const catalogue = new FakeCatalogue();
    const none = (): void => {};
    const hub = new DiscoveryHub({
      catalogue,
      now: () => performance.now(),
      defer: (run) => void setImmediate(run),
      events: { onPush: none, onAck: none, onNack: none },
    });
    const server = await startDiscoveryServer({
      address: { host: "127.0.0.1", port: options.port ?? 0 },
      hub,
      authenticate,
      certificates,
      events: {
        onRefusedConnection: (reason) => tell(`connection ${reason}`),
        onRefusedToken: (reason) => tell(`token ${reason}`),
        onAuthenticationFailure: (error) => tell(`failure ${error instanceof Error ? error.message : ""}`),
        onBadCertificate: () => tell("bad certificate"),
      },
      clock: { now: () => performance.now(), wallTime: () => Date.now() },
      random: () => 0.5,
      limits,
    });
    return new ServerFixture(server, { hub, catalogue, told, emitter, ca: authority.certificate });
  }

  /** Waits till the server has told of so many things. */
  async toldOf(count: number): Promise<readonly string[]> {
    while (this.told.length < count) await once(this.#emitter, "told");
    return this.told;
  }

  connect(token: string | undefined = "good", options: { readonly ca?: string } = {}): SidecarClient {
    const client = new SidecarClient(this.server.port, options.ca ?? this.#ca, token);
    this.#clients.push(client);
    return client;
  }

  publish(...backends: string[]): void {
    this.hub.publish({ backends, frontends: [], selves: false });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.server.shutdown(0);
    assert.equal(this.server.connectionCount, 0);
  }
}

/** A sidecar's end of a stream, on grpc-js. */
export class SidecarClient {
  readonly #client: Client;
  readonly call: ClientDuplexStream<Uint8Array, DeltaDiscoveryResponse>;
  readonly #responses: DeltaDiscoveryResponse[] = [];
  readonly status: Promise<StatusObject>;
  readonly metadata: Promise<Metadata>;

  constructor(port: number, ca: string, token: string | undefined) {
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createSsl(Buffer.from(ca)), {
      "grpc.use_local_subchannel_pool": 1,
      "grpc.ssl_target_name_override": "localhost",
    });
    const metadata = new Metadata();
    if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
    this.call = this.#client.makeBidiStreamRequest(
      DELTA_METHOD,
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes) => DeltaDiscoveryResponse.decode(bytes),
      metadata,
    );
    this.call.on("data", (response: DeltaDiscoveryResponse) => this.#responses.push(response));
    // Its message is that of the status.
    this.call.on("error", () => {});
    this.status = new Promise((resolve) => {
      this.call.once("status", resolve);
    });
    this.metadata = new Promise((resolve) => {
      this.call.once("metadata", resolve);
    });
  }

  request(of: Partial<DeltaDiscoveryRequest>): void {
    this.call.write(
      DeltaDiscoveryRequest.encode({ ...DeltaDiscoveryRequest.decode(new Uint8Array()), ...of }).finish(),
    );
  }

  subscribe(type: ResourceType, ...names: string[]): void {
    this.request({ typeUrl: typeUrl(type), resourceNamesSubscribe: names });
  }

  async next(): Promise<DeltaDiscoveryResponse> {
    if (this.#responses.length === 0) await once(this.call, "data");
    const response = this.#responses.shift();
    assert.ok(response);
    return response;
  }

  /** The next response in short, acknowledged. */
  async nextContents(): Promise<Record<string, string>> {
    const { typeUrl, nonce, resources, removedResources } = await this.next();
    this.request({ typeUrl, responseNonce: nonce });
    const contents: Record<string, string> = {};
    for (const { name, resource } of resources)
      contents[name] = Buffer.from(resource?.value ?? []).toString();
    for (const name of removedResources) contents[name] = "-";
    return contents;
  }

  close(): void {
    this.call.cancel();
    this.#client.close();
  }
}
