import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerOptions,
  status,
} from "@grpc/grpc-js";
import type {
  DeltaResponse,
  DiscoveryStream,
  StreamEnd,
  StreamListener,
} from "../../../../src/discovery/client/client-ports.ts";
import { GrpcTransport } from "../../../../src/discovery/client/transport/grpc-transport.ts";
import {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
} from "../../../../src/discovery/generated/envoy/service/discovery/v3/discovery.ts";
import { DELTA_METHOD } from "../../../../src/discovery/resource-types.ts";
import type { ServedCertificate } from "../../../../src/discovery/server/tls-listener.ts";
import { TestAuthority } from "../../../support/certificates.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

export const HOST = "eastbound-controller.eastbound-system.svc";

export type ControllerCall = ServerDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse>;

/** A gRPC server as others write them, which the test answers for. */
export class GrpcController implements AsyncDisposable {
  readonly port: number;
  readonly calls: ControllerCall[] = [];
  readonly requests: DeltaDiscoveryRequest[] = [];
  readonly #server: Server;
  #onEvent = Promise.withResolvers<undefined>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async start(
    certificate: ServedCertificate | undefined,
    options: ServerOptions = {},
    onCall?: (call: ControllerCall) => void,
  ): Promise<GrpcController> {
    const server = new Server(options);
    const calls: ((call: ControllerCall) => void)[] = [];
    server.addService(
      {
        delta: {
          path: DELTA_METHOD,
          requestStream: true,
          responseStream: true,
          requestDeserialize: (bytes: Buffer) => DeltaDiscoveryRequest.decode(bytes),
          requestSerialize: (value: DeltaDiscoveryRequest) =>
            Buffer.from(DeltaDiscoveryRequest.encode(value).finish()),
          responseSerialize: (value: DeltaDiscoveryResponse) =>
            Buffer.from(DeltaDiscoveryResponse.encode(value).finish()),
          responseDeserialize: (bytes: Buffer) => DeltaDiscoveryResponse.decode(bytes),
        },
      },
      { delta: (call: ControllerCall) => calls.forEach((take) => take(call)) },
    );
    const credentials =
      certificate === undefined
        ? ServerCredentials.createInsecure()
        : ServerCredentials.createSsl(null, [
            { cert_chain: Buffer.from(certificate.chain), private_key: Buffer.from(certificate.key) },
          ]);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", credentials, (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    const controller = new GrpcController(server, port);
    calls.push((call) => (onCall === undefined ? controller.#take(call) : onCall(call)));
    return controller;
  }

  #take(call: ControllerCall): void {
    this.calls.push(call);
    call.on("data", (request: DeltaDiscoveryRequest) => {
      this.requests.push(request);
      this.#changed();
    });
    call.on("error", () => undefined);
    this.#changed();
  }

  #changed(): void {
    this.#onEvent.resolve(undefined);
    this.#onEvent = Promise.withResolvers();
  }

  /** Waits until so many requests came, on all calls together. */
  async received(count: number): Promise<readonly DeltaDiscoveryRequest[]> {
    while (this.requests.length < count) await this.#onEvent.promise;
    return this.requests;
  }

  async call(index = 0): Promise<ControllerCall> {
    for (;;) {
      const call = this.calls[index];
      if (call !== undefined) return call;
      await this.#onEvent.promise;
    }
  }

  /** Says that it shuts down, and waits for streams to end. */
  shutDown(): Promise<void> {
    return new Promise((resolve) => this.#server.tryShutdown(() => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
    await Promise.resolve();
  }
}

/** Ends a call with a status. */
export function endWith(call: ControllerCall, code: status, details: string): void {
  call.emit("error", { code, details });
}

export { status };

type Heard =
  | { readonly kind: "open" }
  | { readonly kind: "response"; readonly response: DeltaResponse }
  | { readonly kind: "writable" }
  | { readonly kind: "end"; readonly end: StreamEnd };

/** Tells when the next timer is started. */
class WatchedClock extends ManualClock {
  #onTimer = Promise.withResolvers<undefined>();

  override startTimer(callback: () => void, delayMs: number): { stop(): void } {
    this.#onTimer.resolve(undefined);
    this.#onTimer = Promise.withResolvers();
    return super.startTimer(callback, delayMs);
  }

  async nextTimer(): Promise<void> {
    await this.#onTimer.promise;
  }
}

/** One stream of the transport under test, with what it told. */
export class HeardStream implements Disposable {
  readonly clock = new WatchedClock();
  readonly heard: Heard[] = [];
  readonly stream: DiscoveryStream;
  readonly #folder: string;
  readonly #taken: Heard[] = [];
  #onHeard = Promise.withResolvers<undefined>();

  constructor(options: {
    readonly port: number;
    readonly ca: string;
    readonly address?: string;
    readonly host?: string;
    readonly token?: string;
  }) {
    this.#folder = mkdtempSync(join(tmpdir(), "eastbound-client-"));
    const caFile = join(this.#folder, "ca.crt");
    const tokenFile = join(this.#folder, "token");
    writeFileSync(caFile, options.ca);
    if (options.token !== "none") writeFileSync(tokenFile, options.token ?? "the-token\n");
    const { port, host = HOST } = options;
    const node = { id: "ns/pod", version: "0.1.0" };
    const transport = new GrpcTransport({ host, port, caFile, tokenFile, clock: this.clock, node });
    const hear = (event: Heard): void => {
      this.heard.push(event);
      this.#taken.push(event);
      this.#onHeard.resolve(undefined);
      this.#onHeard = Promise.withResolvers();
    };
    const listener: StreamListener = {
      onOpen: () => hear({ kind: "open" }),
      onResponse: (response) => hear({ kind: "response", response }),
      onWritable: () => hear({ kind: "writable" }),
      onEnd: (end) => hear({ kind: "end", end }),
    };
    this.stream = transport.open(options.address ?? "127.0.0.1", listener);
  }

  /** The next event of a kind; those before it are passed over. */
  async next<K extends Heard["kind"]>(kind: K): Promise<Extract<Heard, { kind: K }>> {
    for (;;) {
      const event = this.#taken.shift();
      if (event === undefined) await this.#onHeard.promise;
      else if (event.kind === kind) return event as Extract<Heard, { kind: K }>;
    }
  }

  async end(): Promise<StreamEnd> {
    return (await this.next("end")).end;
  }

  [Symbol.dispose](): void {
    this.stream.close();
    rmSync(this.#folder, { recursive: true });
  }
}

/** An authority, and what it certified for the controller's name. */
export async function certified(
  names: readonly string[] = [HOST],
): Promise<{ readonly authority: TestAuthority; readonly certificate: ServedCertificate }> {
  const authority = await TestAuthority.create();
  return { authority, certificate: await authority.certify(names) };
}
