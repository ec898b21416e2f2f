import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, createSecureContext, type SecureContext } from "node:tls";
import { framed, MessageReader } from "../../src/discovery/client/transport/message-reader.ts";
import {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
} from "../../src/discovery/generated/envoy/service/discovery/v3/discovery.ts";
import { DELTA_METHOD, type ResourceType, typeUrl } from "../../src/discovery/resource-types.ts";

const none = DeltaDiscoveryRequest.decode(new Uint8Array());

export interface SimulatedSidecarOptions {
  readonly port: number;
  readonly trust: SecureContext;
  readonly token: string;
  /** A response; it is acknowledged already. */
  readonly onResponse: (response: DeltaDiscoveryResponse) => void;
  readonly onEnd?: () => void;
}

export function trusting(ca: string): SecureContext {
  return createSecureContext({ ca });
}

/** The stream of a sidecar that takes and acknowledges whatever comes and does nothing with it: cheap, so that one process can have hundreds. */
export class SimulatedSidecar {
  readonly #socket: Socket;
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;

  private constructor(socket: Socket, session: ClientHttp2Session, stream: ClientHttp2Stream) {
    this.#socket = socket;
    this.#session = session;
    this.#stream = stream;
  }

  static async connect(options: SimulatedSidecarOptions): Promise<SimulatedSidecar> {
    const { port, trust, token, onResponse, onEnd } = options;
    const socket = connectTcp({ host: "127.0.0.1", port, noDelay: true });
    const secure = connectTls({
      socket,
      secureContext: trust,
      servername: "localhost",
      ALPNProtocols: ["h2"],
    });
    await once(secure, "secureConnect");
    const session = connectHttp2("https://localhost", { createConnection: () => secure });
    session.on("error", () => {});
    const stream = session.request({
      ":method": "POST",
      ":path": DELTA_METHOD,
      "content-type": "application/grpc",
      authorization: `Bearer ${token}`,
    });
    stream.on("error", () => {});
    stream.on("close", () => onEnd?.());
    const sidecar = new SimulatedSidecar(socket, session, stream);
    const reader = new MessageReader(4 * 1_048_576);
    stream.on("data", (chunk: Uint8Array) => {
      reader.push(chunk, (message) => {
        const response = DeltaDiscoveryResponse.decode(message);
        sidecar.#send({ typeUrl: response.typeUrl, responseNonce: response.nonce });
        onResponse(response);
      });
    });
    await once(stream, "response");
    return sidecar;
  }

  subscribe(type: ResourceType, names: readonly string[]): void {
    this.#send({ typeUrl: typeUrl(type), resourceNamesSubscribe: [...names] });
  }

  /** What came over the connection so far, TLS and all. */
  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  close(): void {
    this.#session.destroy();
    this.#socket.destroy();
  }

  #send(of: Partial<DeltaDiscoveryRequest>): void {
    this.#stream.write(framed(DeltaDiscoveryRequest.encode({ ...none, ...of }).finish()));
  }
}
