import { once } from "node:events";
import {
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import type { ServedCertificate } from "../../../../src/discovery/server/tls-listener.ts";

/** An HTTP/2 server that answers each stream as it is told, be it gRPC or not. */
export class Http2Controller implements AsyncDisposable {
  readonly port: number;
  readonly #server: Http2SecureServer;
  readonly #sessions: Set<ServerHttp2Session>;

  private constructor(server: Http2SecureServer, sessions: Set<ServerHttp2Session>) {
    this.#server = server;
    this.#sessions = sessions;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(
    { chain, key }: ServedCertificate,
    answer: (stream: ServerHttp2Stream) => void,
  ): Promise<Http2Controller> {
    const sessions = new Set<ServerHttp2Session>();
    const server = createSecureServer({ cert: chain, key });
    server.on("session", (session) => sessions.add(session));
    server.on("stream", (stream: ServerHttp2Stream) => {
      stream.on("error", () => undefined);
      answer(stream);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Http2Controller(server, sessions);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions) session.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
