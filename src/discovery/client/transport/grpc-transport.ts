import type { ClientClock, DiscoveryStream, DiscoveryTransport, StreamListener } from "../client-ports.ts";
import { type CredentialFiles, CredentialReader } from "./credentials.ts";
import type { ClientNode } from "./delta-codec.ts";
import { GrpcStream } from "./grpc-stream.ts";

export interface GrpcTransportOptions extends CredentialFiles {
  /** Of the controller: a name that resolves to all replicas' addresses, and that their certificates are for. */
  readonly host: string;
  readonly port: number;
  readonly clock: ClientClock;
  readonly node: ClientNode;
}

interface Lookup {
  readonly error: NodeJS.ErrnoException | null;
  readonly found: readonly { readonly address: string }[];
}

/**
 * gRPC over node:http2 and TLS, each stream on a connection of its own.
 *
 * The framing is our own because of memory at rest: with 20 Services of 10 endpoints learned it takes 7.5 MB of private
 * memory more than a process without a stream, and the same on @grpc/grpc-js 13.1 MB (with one Service 6.4 and 10.8;
 * medians of seven by test/bench/controller-stream.bench.ts).
 */
export class GrpcTransport implements DiscoveryTransport {
  readonly #options: GrpcTransportOptions;
  readonly #credentials: CredentialReader;
  #resolving: Promise<readonly string[]> | undefined;
  /** Of the last look-up that had an answer. */
  #known: readonly string[] = [];

  constructor(options: GrpcTransportOptions) {
    this.#options = options;
    this.#credentials = new CredentialReader(options);
  }

  /** One look-up at a time, for each that hangs keeps a thread that files are read by as well. */
  resolve(): Promise<readonly string[]> {
    this.#resolving ??= this.#resolve().finally(() => {
      this.#resolving = undefined;
    });
    return this.#resolving;
  }

  async #resolve(): Promise<readonly string[]> {
    const { lookup } = await import("node:dns");
    const { host } = this.#options;
    const { error, found } = await new Promise<Lookup>((resolve) => {
      lookup(host, { all: true }, (error, found) => resolve({ error, found }));
    });
    if (error === null) this.#known = [...new Set(found.map(({ address }) => address))];
    // DNS can't be asked now, which says nothing about the controller.
    else if (error.code !== "EAI_AGAIN" || this.#known.length === 0) {
      throw new Error(`the controller's name can't be resolved: ${error.message}`, { cause: error });
    }
    return this.#known;
  }

  open(address: string, listener: StreamListener): DiscoveryStream {
    const stream = new GrpcStream({ ...this.#options, credentials: this.#credentials }, listener);
    void stream.connect(address);
    return stream;
  }
}
