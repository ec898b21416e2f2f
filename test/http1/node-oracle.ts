import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { createConnection, createServer as createSocketServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fields } from "./read-messages.ts";

/** What node:http made of a message. */
export interface OracleMessage {
  /** Of a request. */
  readonly method: string;
  readonly target: string;
  /** Of a response. */
  readonly status: number;
  readonly fields: Fields;
  body: string;
  trailers: Fields;
  isComplete: boolean;
}

export interface OracleVerdict {
  readonly messages: readonly OracleMessage[];
  /** The code of the error, or what took its place; undefined when all was accepted. */
  readonly error: string | undefined;
}

const HEADER_BYTES = 131_072;

function pairs(raw: readonly string[]): Fields {
  return Array.from(
    { length: raw.length / 2 },
    (_, index) => [raw[index * 2] ?? "", raw[index * 2 + 1] ?? ""] as const,
  );
}

function gather(incoming: IncomingMessage, messages: OracleMessage[]): OracleMessage {
  const message: OracleMessage = {
    method: incoming.method ?? "",
    target: incoming.url ?? "",
    status: incoming.statusCode ?? 0,
    fields: pairs(incoming.rawHeaders),
    body: "",
    trailers: [],
    isComplete: false,
  };
  messages.push(message);
  incoming.on("data", (chunk: Buffer) => {
    message.body += chunk.toString("latin1");
  });
  incoming.on("end", () => {
    message.trailers = pairs(incoming.rawTrailers);
    message.isComplete = incoming.complete;
  });
  return message;
}

interface PendingCase {
  readonly messages: OracleMessage[];
  error: string | undefined;
}

/** Asks node:http, strict, over real sockets, what it takes bytes for. Unix sockets, since ports would run out. */
export class NodeOracle implements AsyncDisposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "http1-oracle-"));
  /** Connections are accepted in the order in which they were opened. */
  readonly #opened: PendingCase[] = [];
  readonly #cases = new WeakMap<Socket, PendingCase>();
  readonly #server = createServer({
    maxHeaderSize: HEADER_BYTES,
    requireHostHeader: true,
    keepAliveTimeout: 0,
    headersTimeout: 0,
    requestTimeout: 0,
    connectionsCheckingInterval: 3_600_000,
  });
  readonly #rawServer = createSocketServer({ allowHalfOpen: true });
  readonly #answers = new Map<string, Buffer>();
  readonly #agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });
  #nextAnswer = 0;

  static async start(): Promise<NodeOracle> {
    const oracle = new NodeOracle();
    await oracle.#listen();
    return oracle;
  }

  async #listen(): Promise<void> {
    const server = this.#server;
    server.maxHeadersCount = 0;
    // Half-closed clients are answered too; without this node drops the bodies that it still has.
    Object.assign(server, { httpAllowHalfOpen: true });
    server.on("connection", (socket: Socket) => {
      const pending = this.#opened.shift();
      if (pending === undefined) throw new Error("a connection that nobody opened");
      this.#cases.set(socket, pending);
    });
    const answer = (incoming: IncomingMessage, response: ServerResponse) => {
      const pending = this.#cases.get(incoming.socket);
      if (pending === undefined) throw new Error("a request on no connection");
      gather(incoming, pending.messages);
      incoming.on("end", () => response.end());
      incoming.on("error", () => undefined);
    };
    server.on("request", answer);
    server.on("checkContinue", answer);
    server.on("checkExpectation", answer);
    // Without this node leaves some upgrades in the air. What it thinks of the body it doesn't say.
    server.on("upgrade", (incoming, socket) => {
      const pending = this.#cases.get(incoming.socket);
      if (pending !== undefined) gather(incoming, pending.messages);
      socket.destroy();
    });
    server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
      const pending = this.#cases.get(socket as Socket);
      if (pending !== undefined) pending.error ??= error.code ?? error.message;
      socket.destroy();
    });
    this.#rawServer.on("connection", (socket) => this.#answerRaw(socket));
    server.listen(join(this.#directory, "requests"));
    this.#rawServer.listen(join(this.#directory, "responses"));
    await Promise.all([once(server, "listening"), once(this.#rawServer, "listening")]);
  }

  /** What a server makes of a client that sends these bytes and then closes its side. */
  judgeRequests(bytes: Buffer): Promise<OracleVerdict> {
    const pending: PendingCase = { messages: [], error: undefined };
    this.#opened.push(pending);
    const socket = createConnection({ path: join(this.#directory, "requests"), allowHalfOpen: true });
    let answer = "";
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("latin1");
    });
    socket.on("error", () => undefined);
    socket.end(bytes);
    return new Promise((resolve) => {
      socket.on("close", () => {
        // Node refuses a missing Host by an answer, without a request event.
        if (answer.includes("HTTP/1.1 400")) pending.error ??= "400";
        resolve(pending);
      });
    });
  }

  /** What a client makes of a server that answers these bytes and then closes. */
  judgeResponse(method: string, bytes: Buffer): Promise<OracleVerdict> {
    const path = `/${this.#nextAnswer++}`;
    this.#answers.set(path, bytes);
    const pending: PendingCase = { messages: [], error: undefined };
    const outgoing = request({
      method,
      path,
      agent: this.#agent,
      socketPath: join(this.#directory, "responses"),
      maxHeaderSize: HEADER_BYTES,
    });
    let isAnswered = false;
    return new Promise((resolve) => {
      outgoing.on("information", (info) => {
        pending.messages.push({
          method: "",
          target: "",
          status: info.statusCode,
          fields: pairs(info.rawHeaders),
          body: "",
          trailers: [],
          isComplete: true,
        });
      });
      outgoing.on("response", (incoming) => {
        isAnswered = true;
        const message = gather(incoming, pending.messages);
        incoming.on("error", (error: NodeJS.ErrnoException) => {
          pending.error ??= error.code ?? error.message;
          message.isComplete = false;
        });
        incoming.on("close", () => resolve(pending));
      });
      outgoing.on("upgrade", (incoming, socket) => {
        gather(incoming, pending.messages).isComplete = true;
        socket.destroy();
        resolve(pending);
      });
      outgoing.on("error", (error: NodeJS.ErrnoException) => {
        pending.error ??= error.code ?? error.message;
      });
      outgoing.on("close", () => {
        if (!isAnswered) resolve(pending);
      });
      outgoing.end();
    });
  }

  #answerRaw(socket: Socket): void {
    let seen = "";
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      seen += chunk.toString("latin1");
      if (!seen.includes("\r\n\r\n")) return;
      const path = seen.split(" ", 2)[1] ?? "";
      const answer = this.#answers.get(path);
      this.#answers.delete(path);
      if (answer !== undefined) socket.end(answer);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await Promise.all([
      new Promise((resolve) => this.#server.close(resolve)),
      new Promise((resolve) => this.#rawServer.close(resolve)),
    ]);
    this.#agent.destroy();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
