import type { ClientClock, DiscoveryStream, DiscoveryTransport, StreamListener } from "./client-ports.ts";
import type { CredentialFiles } from "./credentials.ts";
import type { ClientNode } from "./delta-codec.ts";
import { GrpcStream } from "./grpc-stream.ts";

export interface GrpcTransportOptions extends CredentialFiles {
  /** Of the controller: a name that resolves to all replicas' addresses, and that their certificates are for. */
  readonly host: string;
  readonly port: number;
  readonly clock: ClientClock;
  readonly node: ClientNode;
}

/**
 * gRPC over node:http2 and TLS, each stream on a connection of its own.
 *
 * Framing is our own because of memory: private memory (USS, median of seven) of a process that holds an open stream
 * was FIGURES.
 */
export class GrpcTransport implements DiscoveryTransport {
  readonly #options: GrpcTransportOptions;

  constructor(options: GrpcTransportOptions) {
    this.#options = options;
  }

  async resolve(): Promise<readonly string[]> {
    const { host } = this.#options;
    const { lookup } = await import("node:dns");
    return await new Promise((resolve, reject) => {
      lookup(host, { all: true }, (error, found) => {
        if (error === null) resolve([...new Set(found.map(({ address }) => address))]);
        else reject(new Error(`the controller's name can't be resolved: ${error.message}`, { cause: error }));
      });
    });
  }

  open(address: string, listener: StreamListener): DiscoveryStream {
    const stream = new GrpcStream(this.#options, listener);
    void stream.connect(address);
    return stream;
  }
}
