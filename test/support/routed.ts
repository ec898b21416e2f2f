import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { setImmediate } from "node:timers/promises";
import { closedPort, type Harness, type HarnessOptions, RawClient, startHarness } from "./proxy-harness.ts";

/** A request as a backend saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  /** As sent, in their order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly trailers: Readonly<Record<string, string | undefined>>;
  /** Which connection of the endpoint it came on: 0, 1, 2 … */
  readonly connection: number;
}

export type Respond = (seen: SeenRequest, response: http.ServerResponse) => void;

/** Does as it likes with each connection; `index` is its number at this endpoint. */
export interface RawPeer {
  readonly raw: (socket: net.Socket, index: number) => void;
}

/** What an endpoint does: answers whole requests, talks by itself, or does not listen. A number is another's port. */
export type EndpointSpec = Respond | RawPeer | "refuses" | number;

interface RoutedOptions extends Omit<HarnessOptions, "backends"> {
  /** By Backend name; `app/web:80` is the Service's own. One entry for each endpoint. */
  readonly backends?: Readonly<Record<string, readonly EndpointSpec[]>>;
}

/** Answers 200 with the body given. */
export function saying(body: string): Respond {
  return (_seen, response) => {
    response.end(body);
  };
}

/** Answers with each status in turn, the last one again and again. */
export function answeringStatuses(...statuses: readonly number[]): Respond {
  let count = 0;
  return (_seen, response) => {
    response.statusCode = statuses[Math.min(count++, statuses.length - 1)] ?? 200;
    response.end(`answer ${count}`);
  };
}

/** Takes the request and never answers. */
export const SILENT: Respond = () => undefined;

class TestEndpoint {
  readonly server: net.Server;
  readonly seen: SeenRequest[] = [];
  readonly sockets: net.Socket[] = [];
  port = 0;
  #waiting: (() => void)[] = [];

  constructor(behaviour: Respond | RawPeer) {
    const isRaw = typeof behaviour === "object";
    this.server = isRaw
      ? net.createServer({ allowHalfOpen: true })
      : http.createServer({ keepAliveTimeout: 60_000 });
    this.server.on("connection", (socket: net.Socket) => {
      socket.on("error", () => undefined);
      this.sockets.push(socket);
      if (isRaw) behaviour.raw(socket, this.sockets.length - 1);
    });
    if (!isRaw) this.#answer(behaviour);
  }

  #answer(respond: Respond): void {
    this.server.on("request", (request: http.IncomingMessage, response: http.ServerResponse) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("error", () => undefined);
      request.on("end", () => {
        const { rawHeaders, method = "", url = "", trailers, socket } = request;
        const seen: SeenRequest = {
          method,
          target: url,
          headers: pairs(rawHeaders),
          body: Buffer.concat(chunks).toString("latin1"),
          trailers,
          connection: this.sockets.indexOf(socket),
        };
        this.seen.push(seen);
        for (const wake of this.#waiting.splice(0)) wake();
        respond(seen, response);
      });
    });
  }

  async start(): Promise<void> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    this.port = (this.server.address() as net.AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  nextSeen(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

function pairs(raw: readonly string[]): (readonly [string, string])[] {
  return Array.from(
    { length: raw.length / 2 },
    (_, index) => [raw[2 * index] ?? "", raw[2 * index + 1] ?? ""] as const,
  );
}

/** A response as a client saw it. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** The values of a header's lines. */
export function valuesOf(message: { readonly headers: Answer["headers"] }, name: string): readonly string[] {
  return message.headers
    .filter(([other]) => other.toLowerCase() === name.toLowerCase())
    .map(([, value]) => value);
}

/**
 * A proxy with one Service whose backends are node:http servers. When it is disposed of, everything that ran has to
 * end and no endpoint may be left with an exchange counted.
 */
export class Routed implements AsyncDisposable {
  readonly harness: Harness;
  readonly #endpoints: ReadonlyMap<string, readonly TestEndpoint[]>;
  readonly #listed: Readonly<Record<string, readonly number[]>>;
  readonly #clients: RawClient[] = [];

  private constructor(
    harness: Harness,
    endpoints: ReadonlyMap<string, readonly TestEndpoint[]>,
    listed: Readonly<Record<string, readonly number[]>>,
  ) {
    this.harness = harness;
    this.#endpoints = endpoints;
    this.#listed = listed;
  }

  static async start(options: RoutedOptions): Promise<Routed> {
    const endpoints = new Map<string, readonly TestEndpoint[]>();
    const ports: Record<string, readonly number[]> = {};
    const backends = options.backends ?? { "app/web:80": [saying("web")] };
    for (const [name, specs] of Object.entries(backends)) {
      const started: TestEndpoint[] = [];
      const listed: number[] = [];
      for (const spec of specs) {
        if (spec === "refuses" || typeof spec === "number") {
          listed.push(spec === "refuses" ? await closedPort() : spec);
          continue;
        }
        const endpoint = new TestEndpoint(spec);
        await endpoint.start();
        started.push(endpoint);
        listed.push(endpoint.port);
      }
      ports[name] = listed;
      endpoints.set(name, started);
    }
    return new Routed(await startHarness({ ...options, backends: ports }), endpoints, ports);
  }

  get port(): number {
    return this.harness.port;
  }

  /** All requests that came to a backend, endpoint by endpoint. */
  seen(backend = "app/web:80"): readonly SeenRequest[] {
    return (this.#endpoints.get(backend) ?? []).flatMap((endpoint) => endpoint.seen);
  }

  /** Requests that came to each endpoint of a backend that is there. */
  counts(backend = "app/web:80"): readonly number[] {
    return (this.#endpoints.get(backend) ?? []).map((endpoint) => endpoint.seen.length);
  }

  /** The ports of a backend's endpoints that are there. */
  ports(backend = "app/web:80"): readonly number[] {
    return (this.#endpoints.get(backend) ?? []).map((endpoint) => endpoint.port);
  }

  /** The ports of all of a backend's endpoints, those that refuse included. */
  listedPorts(backend: string): readonly number[] {
    return this.#listed[backend] ?? [];
  }

  /** Connections that were opened to a backend. */
  connections(backend = "app/web:80"): number {
    return (this.#endpoints.get(backend) ?? []).reduce((sum, endpoint) => sum + endpoint.sockets.length, 0);
  }

  /** Waits until a backend got that many requests. */
  async untilSeen(count: number, backend = "app/web:80"): Promise<readonly SeenRequest[]> {
    const endpoints = this.#endpoints.get(backend) ?? [];
    while (this.seen(backend).length < count)
      await Promise.race(endpoints.map((endpoint) => endpoint.nextSeen()));
    return this.seen(backend);
  }

  client(): RawClient {
    const client = new RawClient(this.port);
    this.#clients.push(client);
    return client;
  }

  /** Sends a request on a connection of its own, and reads the response to its end. */
  async send(request: string): Promise<Answer> {
    return answerOf(this.client(), request);
  }

  /** The same for a GET with headers as lines. */
  get(target: string, ...headers: readonly string[]): Promise<Answer> {
    return this.send(requestText("GET", target, headers));
  }

  /** Waits until something of the proxy's own is so. */
  async until(isSo: () => boolean): Promise<void> {
    const startedMs = performance.now();
    while (!isSo()) {
      assert.ok(performance.now() - startedMs < 5_000, `not within 5 s: ${isSo.toString()}`);
      await setImmediate();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { proxy } = this.harness;
    for (const client of this.#clients) client.socket.destroy();
    for (const endpoint of [...this.#endpoints.values()].flat()) await endpoint.stop();
    const pending = (): readonly string[] =>
      [...proxy.configuration.backends()].flatMap((backend) =>
        [...backend.endpoints.endpoints()]
          .filter((endpoint) => endpoint.pending !== 0)
          .map((endpoint) => `${endpoint.name} has ${endpoint.pending} exchanges under way`),
      );
    await this.until(
      () => proxy.activity.busy === 0 && proxy.activity.connections === 0 && pending().length === 0,
    );
    await this.harness[Symbol.asyncDispose]();
  }
}

export function requestText(
  method: string,
  target: string,
  headers: readonly string[] = [],
  body?: string,
): string {
  const lines = [`${method} ${target} HTTP/1.1`, "Host: web", ...headers];
  if (body !== undefined) lines.push(`Content-Length: ${body.length}`);
  return `${lines.join("\r\n")}\r\n\r\n${body ?? ""}`;
}

/** Sends a request on a client's connection and reads one final response. */
export async function answerOf(client: RawClient, request: string): Promise<Answer> {
  const from = client.received.length;
  client.send(request);
  return readAnswer(client, from, request.startsWith("HEAD "));
}

/** The final response that begins at `from` in what a client received. */
export async function readAnswer(client: RawClient, from: number, isHead = false): Promise<Answer> {
  let start = from;
  for (;;) {
    const text = await client.until((received) => received.includes("\r\n\r\n", start));
    const end = text.indexOf("\r\n\r\n", start);
    assert.ok(end >= 0, `the connection ended without a response: ${client.closedBy}`);
    const head = parseHead(text.slice(start, end));
    start = end + 4;
    if (head.status >= 200) return { ...head, body: await readBody(client, start, head, isHead) };
  }
}

function parseHead(text: string): Omit<Answer, "body"> {
  const [statusLine = "", ...lines] = text.split("\r\n");
  return {
    status: Number(statusLine.split(" ")[1]),
    headers: lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    }),
  };
}

async function readBody(
  client: RawClient,
  start: number,
  head: Omit<Answer, "body">,
  isHead: boolean,
): Promise<string> {
  if (isHead || head.status === 204 || head.status === 304) return "";
  const [length] = valuesOf(head, "content-length");
  if (length !== undefined) {
    const end = start + Number(length);
    const text = await client.until((received) => received.length >= end);
    assert.ok(text.length >= end, `the connection broke inside the body: ${client.closedBy}`);
    return text.slice(start, end);
  }
  if (valuesOf(head, "transfer-encoding").length === 0) return (await client.closed()).slice(start);
  const text = await client.until((received) =>
    /(^|\r\n)0\r\n([^\r\n]+\r\n)*\r\n/.test(received.slice(start)),
  );
  return unchunk(text, start);
}

function unchunk(text: string, start: number): string {
  let body = "";
  for (let at = start; ; ) {
    const lineEnd = text.indexOf("\r\n", at);
    assert.ok(lineEnd >= 0, "a chunked body without an end");
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    if (size === 0) return body;
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
  }
}
