import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { KubeConfig, type User } from "@kubernetes/client-node";

/** What a test does with a request. */
export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** A server that gives one answer after the other, as it is told. */
export class LocalApiServer implements AsyncDisposable {
  readonly requests: IncomingMessage[] = [];
  readonly sockets = new Set<Socket>();
  /** How many connections there were in all. */
  connections = 0;
  readonly #answers: Answer[] = [];
  readonly #server: Server;
  readonly #scheme: string;

  private constructor(tls: ServerOptions | undefined) {
    this.#scheme = tls === undefined ? "http" : "https";
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
      this.requests.push(request);
      const answer = this.#answers.shift();
      if (answer === undefined) response.writeHead(599, "no answer is left").end();
      else answer(response, request);
    };
    const options = { keepAliveTimeout: 60_000 };
    this.#server =
      tls === undefined
        ? createServer(options, onRequest)
        : createTlsServer({ ...options, ...tls }, onRequest);
    this.#server.on(tls === undefined ? "connection" : "secureConnection", (socket: Socket) => {
      this.connections++;
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
      socket.on("error", () => {});
    });
  }

  static async start(tls?: ServerOptions): Promise<LocalApiServer> {
    const server = new LocalApiServer(tls);
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  /** The answers to the next requests. */
  answer(...answers: readonly Answer[]): void {
    this.#answers.push(...answers);
  }

  /** Resolves when this many connections are open. */
  async hasConnections(count: number): Promise<void> {
    while (this.sockets.size !== count) await new Promise((resolve) => setImmediate(resolve));
  }

  /** A config that leads here; plain HTTP is taken as a test of it must be. */
  config(user: Partial<User> = {}, cluster: object = {}): KubeConfig {
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: "local", server: this.url, skipTLSVerify: this.#scheme === "http", ...cluster },
      { name: "tester", ...user },
    );
    return config;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await once(this.#server.close(), "close");
  }
}

/** Answers with a body as JSON. */
export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  };
}

/** Answers with these pieces, each once the one before was taken in, and then as `then` says. */
export function pieces(
  bodies: readonly (string | Buffer)[],
  then: (response: ServerResponse) => void,
): Answer {
  return (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    const next = (at: number): void => {
      const piece = bodies[at];
      if (piece === undefined) then(response);
      else response.write(piece, () => setImmediate(next, at + 1));
    };
    next(0);
  };
}
