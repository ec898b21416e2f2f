import { Server, ServerCredentials } from "@grpc/grpc-js";
import { DeltaDiscoveryRequest } from "../generated/envoy/service/discovery/v3/discovery.ts";
import { DELTA_METHOD } from "../resource-types.ts";
import { type Authenticate, type Authentication, bearerToken } from "./authentication.ts";
import type { DiscoveryHub } from "./discovery-hub.ts";
import {
  type Call,
  endCall,
  type Received,
  SidecarStream,
  type SidecarStreamOptions,
} from "./sidecar-stream.ts";
import { exhausted, SHUTTING_DOWN, TOKEN_EXPIRES, unauthenticated, unavailable } from "./stream-end.ts";
import { type CertificateSource, type RefusedConnectionReason, TlsListener } from "./tls-listener.ts";

/** What happens at the server, for metrics and the log. */
export interface ServerEvents {
  onRefusedConnection(reason: RefusedConnectionReason): void;
  onRefusedToken(reason: string): void;
  /** Tokens can't be checked; streams are turned away. */
  onAuthenticationFailure(error: unknown): void;
  onBadCertificate(error: Error): void;
}

export interface DiscoveryServerOptions {
  readonly address: { readonly host: string; readonly port: number };
  readonly hub: DiscoveryHub;
  readonly authenticate: Authenticate;
  readonly certificates: CertificateSource;
  readonly events: ServerEvents;
  readonly clock: {
    /** Monotonic. */
    readonly now: () => number;
    /** Since 1970. */
    readonly wallTime: () => number;
  };
  readonly random: () => number;
  readonly limits?: Partial<ServerLimits>;
}

export interface ServerLimits {
  readonly connections: number;
  readonly streamsPerConnection: number;
  /** One, and those that the server has not seen the end of yet. */
  readonly streamsPerPod: number;
  readonly handshakeTimeoutMs: number;
  /** How long a connection may be without a stream. */
  readonly idleMs: number;
  readonly authenticationTimeoutMs: number;
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
  /** How long a stream, and after it a connection, may take to end. */
  readonly endTimeoutMs: number;
}

const LIMITS: ServerLimits = {
  connections: 20_000,
  streamsPerConnection: 4,
  streamsPerPod: 16,
  handshakeTimeoutMs: 10_000,
  idleMs: 15_000,
  authenticationTimeoutMs: 10_000,
  keepaliveMs: 30_000,
  keepaliveTimeoutMs: 10_000,
  endTimeoutMs: 5_000,
};

/** Of one message; 10,000 names with their versions are 1.5 MB. */
const MAX_REQUEST_BYTES = 2 * 1_048_576;
/** What one connection may make nghttp2 keep, in MB. */
const MAX_CONNECTION_MEGABYTES = 8;
/** The longest delay that a timer takes. */
const MAX_DELAY_MS = 2_147_483_647;

export interface DiscoveryServer extends AsyncDisposable {
  readonly port: number;
  readonly connectionCount: number;
  /**
   * Moves all sidecars to other replicas: accepts no more, ends the streams one after another within `spreadMs`, then
   * closes. A second call waits for the first.
   */
  shutdown(spreadMs: number): Promise<void>;
}

/**
 * Serves delta xDS over gRPC to sidecars that show a token: TLS 1.3 only, nothing is read of a stream before its token
 * was checked, and everything that a client can make grow has a bound. Rejects where the address can't be bound.
 */
export async function startDiscoveryServer(options: DiscoveryServerOptions): Promise<DiscoveryServer> {
  const server = new RunningServer(options);
  await server.listen();
  return server;
}

class RunningServer implements DiscoveryServer {
  readonly #options: DiscoveryServerOptions;
  readonly #limits: ServerLimits;
  readonly #grpc: Server;
  readonly #listener: TlsListener;
  /** How many streams are open, by pod. */
  readonly #podStreams = new Map<string, number>();
  #port = 0;
  #shutdown: Promise<void> | undefined;

  constructor(options: DiscoveryServerOptions) {
    const limits = { ...LIMITS, ...options.limits };
    this.#options = options;
    this.#limits = limits;
    this.#grpc = new Server({
      "grpc.enable_channelz": 0,
      "grpc.max_concurrent_streams": limits.streamsPerConnection,
      "grpc.max_receive_message_length": MAX_REQUEST_BYTES,
      "grpc.max_send_message_length": -1,
      "grpc.keepalive_time_ms": limits.keepaliveMs,
      "grpc.keepalive_timeout_ms": limits.keepaliveTimeoutMs,
      "grpc.max_connection_idle_ms": limits.idleMs,
      "grpc-node.max_session_memory": MAX_CONNECTION_MEGABYTES,
    });
    this.#grpc.register(
      DELTA_METHOD,
      (call: Call) => void this.#serve(call),
      asBuffer,
      decodeRequest,
      "bidi",
    );
    // TLS is done by then: grpc-js could neither refuse TLS 1.2 nor count who speaks plain text.
    const injector = this.#grpc.createConnectionInjector(ServerCredentials.createInsecure());
    this.#listener = new TlsListener({
      certificates: options.certificates,
      maxConnections: limits.connections,
      handshakeTimeoutMs: limits.handshakeTimeoutMs,
      // Each ping that is answered brings some.
      silenceMs: limits.keepaliveMs + limits.keepaliveTimeoutMs,
      onSecure: (socket) => injector.injectConnection(socket),
      onRefused: (reason) => options.events.onRefusedConnection(reason),
      onBadCertificate: (error) => options.events.onBadCertificate(error),
    });
  }

  async listen(): Promise<void> {
    const { host, port } = this.#options.address;
    this.#port = await this.#listener.listen(host, port);
  }

  get port(): number {
    return this.#port;
  }

  get connectionCount(): number {
    return this.#listener.connectionCount;
  }

  shutdown(spreadMs: number): Promise<void> {
    this.#shutdown ??= this.#moveAll(spreadMs);
    return this.#shutdown;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown(0);
  }

  async #serve(call: Call): Promise<void> {
    const peer = call.getPeer();
    const ending = { cut: () => this.#listener.destroy(peer), endTimeoutMs: this.#limits.endTimeoutMs };
    const authentication = await this.#authenticate(call);
    if (call.cancelled) return;
    if (authentication.kind === "unknown") {
      endCall(call, unavailable("the token could not be checked"), ending);
    } else if (authentication.kind === "refused") {
      this.#options.events.onRefusedToken(authentication.reason);
      endCall(call, unauthenticated(authentication.reason), ending);
    } else if (this.#shutdown === undefined) {
      this.#open(call, authentication, ending);
    } else {
      endCall(call, SHUTTING_DOWN, ending);
    }
  }

  async #authenticate(call: Call): Promise<Authentication | { readonly kind: "unknown" }> {
    const [field] = call.metadata.get("authorization");
    const token = bearerToken(field?.toString());
    if (token === undefined) return { kind: "refused", reason: "no token" };
    const { authenticate, clock, events } = this.#options;
    const { promise: timeout, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(reject, this.#limits.authenticationTimeoutMs, new Error("took too long"));
    try {
      const authentication = await Promise.race([authenticate(token), timeout]);
      const isExpired = authentication.kind === "ok" && authentication.expiresAtMs <= clock.wallTime();
      return isExpired ? { kind: "refused", reason: "the token has expired" } : authentication;
    } catch (error) {
      events.onAuthenticationFailure(error);
      return { kind: "unknown" };
    } finally {
      clearTimeout(timer);
    }
  }

  #open(
    call: Call,
    { identity, expiresAtMs }: Authentication & { readonly kind: "ok" },
    ending: Pick<SidecarStreamOptions, "cut" | "endTimeoutMs">,
  ): void {
    const { hub, clock, random } = this.#options;
    const { streamsPerPod } = this.#limits;
    const pod = `${identity.namespace}/${identity.pod}`;
    const streams = this.#podStreams.get(pod) ?? 0;
    if (streams >= streamsPerPod) {
      endCall(call, exhausted(`more than ${streamsPerPod} streams of one pod`), ending);
      return;
    }
    this.#podStreams.set(pod, streams + 1);
    const stream = new SidecarStream(call, identity, { hub, now: clock.now, ...ending });
    stream.start();
    const timer = setTimeout(
      () => stream.session.end(TOKEN_EXPIRES),
      streamTimeMs(expiresAtMs - clock.wallTime(), random()),
    );
    call.once("close", () => {
      clearTimeout(timer);
      this.#forgetStream(pod);
    });
  }

  #forgetStream(pod: string): void {
    const left = (this.#podStreams.get(pod) ?? 0) - 1;
    if (left > 0) this.#podStreams.set(pod, left);
    else this.#podStreams.delete(pod);
  }

  async #moveAll(spreadMs: number): Promise<void> {
    this.#listener.stop();
    const sessions = this.#options.hub.openSessions;
    await Promise.all(
      sessions.map(async (session, index) => {
        await delay((spreadMs * index) / sessions.length);
        session.end(SHUTTING_DOWN);
      }),
    );
    // The rest is for connections: GOAWAY, and those that do not go are cut.
    const timer = setTimeout(() => this.#listener.destroy(), this.#limits.endTimeoutMs);
    this.#grpc.tryShutdown(() => {});
    await this.#listener.drained();
    clearTimeout(timer);
    this.#grpc.forceShutdown();
  }
}

/**
 * How long a stream lasts whose token expires after so long: a little less, and not all of the same age at once. The
 * kubelet replaces a token at 80 % of its life, so that the next stream begins with another.
 */
function streamTimeMs(tokenTimeMs: number, random: number): number {
  return Math.min(MAX_DELAY_MS, tokenTimeMs * (0.9 + 0.08 * random));
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

function asBuffer(message: Uint8Array): Buffer {
  return Buffer.from(message.buffer, message.byteOffset, message.length);
}

function decodeRequest(bytes: Buffer): Received {
  try {
    return DeltaDiscoveryRequest.decode(bytes);
  } catch {
    // The generated code has no other way of saying that bytes are malformed. What becomes of it is the stream's matter.
    return "malformed";
  }
}
