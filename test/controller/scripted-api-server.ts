import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { KubeConfig } from "@kubernetes/client-node";

export interface ReceivedCall {
  readonly method: string;
  readonly path: string;
  readonly contentType: string | undefined;
  readonly body: unknown;
}

/** What is answered: a status and an object, or nothing at all. */
export type ScriptedAnswer =
  | { readonly status: number; readonly body: object | string }
  | "silence"
  | "reset";

/** An API server that answers what a test says, one call after the other, and notes what it was asked. */
export class ScriptedApiServer implements AsyncDisposable {
  readonly calls: ReceivedCall[] = [];
  readonly config: KubeConfig;
  readonly #server: Server;
  #answers: ScriptedAnswer[] = [];

  private constructor(server: Server, config: KubeConfig) {
    this.#server = server;
    this.config = config;
  }

  static async start(): Promise<ScriptedApiServer> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: "scripted", server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
      { name: "somebody" },
    );
    const started = new ScriptedApiServer(server, config);
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      void started.#serve(request, response);
    });
    return started;
  }

  answer(...answers: readonly ScriptedAnswer[]): void {
    this.#answers.push(...answers);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const received = await text(request);
    const { pathname, search } = new URL(request.url ?? "", "http://x");
    this.calls.push({
      method: request.method ?? "",
      path: pathname + search,
      contentType: request.headers["content-type"],
      body: received === "" ? undefined : JSON.parse(received),
    });
    const answer = this.#answers.shift() ?? { status: 500, body: "no answer was scripted" };
    if (answer === "silence") return;
    if (answer === "reset") {
      request.socket.resetAndDestroy();
      return;
    }
    const { status, body } = answer;
    const isObject = typeof body === "object";
    response.writeHead(status, { "content-type": isObject ? "application/json" : "text/plain" });
    response.end(isObject ? JSON.stringify(body) : body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#answers = [];
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

/** What the API server says when it refuses. */
export function refusal(status: number, reason: string, message: string): ScriptedAnswer {
  return {
    status,
    body: { kind: "Status", apiVersion: "v1", status: "Failure", reason, message, code: status },
  };
}
