import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { AdminLimits, Schedule } from "../../src/admin/admin-limits.ts";
import { type AdminRoute, type AdminRoutes, textResponse } from "../../src/admin/admin-routes.ts";
import { type AdminServer, startAdmin } from "../../src/admin/admin-server.ts";
import { AdminClient } from "./admin-client.ts";

const run = promisify(execFile);

const get = (handle: AdminRoute["handle"]): AdminRoute => ({
  method: "GET",
  summary: "For the test",
  handle,
});

/** More than sockets of both sides hold, in pieces. */
const PIECE = "x".repeat(65_536);
const PIECES = 512;

class World implements AsyncDisposable {
  readonly errors: unknown[] = [];
  readonly timers = new Map<() => void, number>();
  pulled = 0;
  isBodyDone = false;
  readonly held = Promise.withResolvers<void>();
  readonly asked = Promise.withResolvers<void>();
  #server: AdminServer | undefined;

  get server(): AdminServer {
    assert.ok(this.#server);
    return this.#server;
  }

  static async start(limits: Partial<AdminLimits> = {}, isTimeFake = true): Promise<World> {
    const world = new World();
    world.#server = await startAdmin({
      host: "127.0.0.1",
      port: 0,
      routes: world.routes,
      onError: (error) => world.errors.push(error),
      limits,
      ...(isTimeFake && { schedule: world.schedule }),
    });
    return world;
  }

  /** Nothing ever takes too long unless the test says so. */
  readonly schedule: Schedule = (delayMs, callback) => {
    const timer = (): void => callback();
    this.timers.set(timer, delayMs);
    return () => this.timers.delete(timer);
  };

  /** Runs the timers of a length. */
  pass(delayMs: number): void {
    for (const [timer, length] of this.timers) if (length === delayMs) timer();
  }

  readonly routes: AdminRoutes = new Map<string, AdminRoute>([
    ["/hello", get(({ query }) => textResponse(200, `hello ${query.get("name") ?? "you"}`))],
    ["/accept", get(({ accept }) => textResponse(200, accept ?? "none"))],
    ["/post", { ...get(() => textResponse(200, "posted")), method: "POST" }],
    ["/fail", get(() => Promise.reject(new Error("on purpose")))],
    [
      "/held",
      get(async () => {
        this.asked.resolve();
        await this.held.promise;
        return textResponse(200, "at last");
      }),
    ],
    ["/pieces", get(() => ({ status: 200, contentType: "text/plain", body: ["é", "", "bc"] }))],
    ["/broken", get(() => ({ status: 200, contentType: "text/plain", body: brokenBody() }))],
    ["/large", get(() => ({ status: 200, contentType: "text/plain", body: this.#largeBody() }))],
  ]);

  *#largeBody(): Generator<string> {
    try {
      for (; this.pulled < PIECES; this.pulled++) yield PIECE;
    } finally {
      this.isBodyDone = true;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.held.resolve();
    await this.#server?.[Symbol.asyncDispose]();
  }
}

async function* brokenBody(): AsyncGenerator<string> {
  yield "beginning";
  await Promise.reject(new Error("no more"));
}

const close = "Host: a\r\nConnection: close\r\n\r\n";
const bodyOf = (response: string): string => response.slice(response.indexOf("\r\n\r\n") + 4);

interface Exchange {
  readonly name: string;
  readonly send: string;
  readonly received: RegExp;
}

const exchanges: readonly Exchange[] = [
  {
    name: "answers",
    send: `GET /hello?name=me HTTP/1.1\r\n${close}`,
    received:
      /^HTTP\/1\.1 200 OK\r\nContent-Type: text\/plain; charset=utf-8\r\nCache-Control: no-store\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhello me\n$/,
  },
  {
    name: "reads Accept",
    send: `GET /accept HTTP/1.1\r\nAccept: a/b\r\nAccept: c/d\r\n${close}`,
    received: /a\/b,c\/d\n$/,
  },
  {
    name: "keeps pipelined requests in order",
    send: `GET /hello?name=1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /pieces HTTP/1.1\r\nHost: a\r\n\r\nGET /hello?name=4 HTTP/1.1\r\n${close}`,
    received: /^HTTP[^]*hello 1\nHTTP[^]*Content-Length: 10\r\n\r\nHTTP[^]*\r\n0\r\n\r\nHTTP[^]*hello 4\n$/,
  },
  {
    name: "counts the bytes of chunks, and leaves out empty ones",
    send: `GET /pieces HTTP/1.1\r\n${close}`,
    received: /Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\n\xc3\xa9\r\n2\r\nbc\r\n0\r\n\r\n$/,
  },
  {
    name: "sends no body for HEAD of a body in pieces",
    send: `HEAD /pieces HTTP/1.1\r\n${close}`,
    received: /Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n$/,
  },
  {
    name: "closes after a response to HTTP/1.0, whatever it asks for",
    send: "GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    received: /^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n\r\n\xc3\xa9bc$/,
  },
  {
    name: "throws bodies away",
    send: `POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloPOST /post HTTP/1.1\r\nTransfer-Encoding: chunked\r\n${close}2\r\nhi\r\n0\r\nx: y\r\n\r\n`,
    received: /^HTTP[^]*posted\nHTTP[^]*posted\n$/,
  },
  {
    name: "answers Expect without asking for the body",
    send: "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
    received: /^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n\r\nposted\n$/,
  },
  {
    name: "says what is there instead",
    send: `GET /nothing HTTP/1.1\r\n${close}`,
    received: /^HTTP\/1\.1 404 [^]*GET \/hello/,
  },
  {
    name: "says which methods it takes",
    send: `OPTIONS /hello HTTP/1.1\r\n${close}`,
    received: /^HTTP\/1\.1 405 Method Not Allowed\r\n[^]*Allow: GET, HEAD\r\n/,
  },
  {
    name: "refuses what is no HTTP",
    send: "\x16\x03\x01\x02\x00\x01\x00\x01",
    received: /^HTTP\/1\.1 400 Bad Request\r\n[^]*close/,
  },
  {
    name: "refuses a request without Host",
    send: "GET /hello HTTP/1.1\r\n\r\n",
    received: /^HTTP\/1\.1 400 [^]*no Host\n$/,
  },
  {
    name: "answers what came before nonsense",
    send: "GET /hello HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n",
    received: /^HTTP\/1\.1 200 [^]*hello you\nHTTP\/1\.1 400 /,
  },
  {
    name: "refuses a head that is too large",
    send: `GET /hello HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}`,
    received: /^HTTP\/1\.1 431 /,
  },
  {
    name: "refuses a body that is too large",
    send: `POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${"x".repeat(70_000)}`,
    received: /^HTTP\/1\.1 413 /,
  },
  {
    name: "refuses codings that it does not know",
    send: `POST /post HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n${close}`,
    received: /^HTTP\/1\.1 501 /,
  },
];

describe("startAdmin", () => {
  for (const { name, send, received } of exchanges) {
    it(name, async () => {
      await using world = await World.start();
      await using client = await AdminClient.connect(world.server.port);
      assert.match(await client.send(send).untilClosed(), received);
      assert.deepEqual(world.errors, []);
    });
  }

  it("goes on with a connection, in bytes of any grouping", async () => {
    await using world = await World.start();
    await using client = await AdminClient.connect(world.server.port);
    await client.send("GET /hello?name=1 HTTP/1.1\r\nHost: a\r\n\r\n").until("hello 1\n");
    client.send("GET /hello?na");
    await client.send("me=2 HTTP/1.1\r\nHost: a\r\n\r\nGET /hello?name=3 ").until("hello 2\n");
    await client.send("HTTP/1.1\r\nHost: a\r\n\r\n").until("hello 3\n");
    client.socket.end();
    await client.untilClosed();
  });

  it("answers a client that closes its side after the request", async () => {
    await using world = await World.start();
    await using client = await AdminClient.connect(world.server.port);
    client.socket.end("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.match(await client.untilClosed(), /hello you\n$/);
  });

  it("ends with a client that goes away in the middle of a request", async () => {
    await using world = await World.start();
    await using client = await AdminClient.connect(world.server.port);
    client.socket.end("GET /hello HT");
    assert.equal(await client.untilClosed(), "");
  });

  it("answers 500 for an endpoint that fails, and goes on", async () => {
    await using world = await World.start();
    await using client = await AdminClient.connect(world.server.port);
    await client.send("GET /fail HTTP/1.1\r\nHost: a\r\n\r\n").until("log says more");
    assert.match(client.received, /^HTTP\/1\.1 500 /);
    assert.deepEqual(world.errors, [new Error("on purpose")]);
    await client.send(`GET /hello HTTP/1.1\r\n${close}`).until("hello you");
  });

  it("never lets a body that broke off look complete", async () => {
    await using world = await World.start();
    await using client = await AdminClient.connect(world.server.port);
    const received = await client.send("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n").untilClosed();
    assert.ok(bodyOf(received).startsWith("9\r\nbeginning\r\n"), received);
    assert.ok(!received.includes("0\r\n\r\n"));
    assert.deepEqual(world.errors, [new Error("no more")]);
  });

  it("pulls a large body no faster than it is read", async () => {
    await using world = await World.start();
    await using client = await AdminClient.connect(world.server.port);
    client.socket.pause();
    client.send(`GET /large HTTP/1.1\r\n${close}`);
    const stalled = (): boolean => [...world.timers.values()].includes(10_000);
    while (!stalled()) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(world.pulled < PIECES / 2, String(world.pulled));
    client.socket.resume();
    const received = await client.untilClosed();
    assert.equal(bodyOf(received).match(/x/g)?.length, PIECE.length * PIECES);
    assert.ok(received.endsWith("\r\n0\r\n\r\n"));
  });

  it("cuts a client that stops reading, and ends its body", async () => {
    await using world = await World.start({ stallTimeoutMs: 7 });
    await using client = await AdminClient.connect(world.server.port);
    client.socket.pause();
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    while (!world.isBodyDone) {
      world.pass(7);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(world.pulled < PIECES);
  });

  it("closes a connection without requests", async () => {
    await using world = await World.start({ idleTimeoutMs: 7 });
    await using client = await AdminClient.connect(world.server.port);
    await client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").until("hello you");
    while (!client.socket.readableEnded) {
      world.pass(7);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });

  it("tells a client that is too slow", async () => {
    await using world = await World.start({ requestTimeoutMs: 7 });
    await using client = await AdminClient.connect(world.server.port);
    client.send("GET /hello HTTP/1.1\r\nHo");
    while (client.received === "") {
      world.pass(7);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.match(await client.untilClosed(), /^HTTP\/1\.1 408 Request Timeout\r\n/);
  });

  it("makes room for one more connection by closing the one that has waited longest", async () => {
    await using world = await World.start({ maxConnections: 2 });
    await using first = await AdminClient.connect(world.server.port);
    await first.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").until("hello you");
    await using second = await AdminClient.connect(world.server.port);
    await second.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").until("hello you");
    await first.send("GET /hello?name=again HTTP/1.1\r\nHost: a\r\n\r\n").until("hello again");
    await using third = await AdminClient.connect(world.server.port);
    await third.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").until("hello you");
    await second.untilClosed();
    await first.send("GET /hello?name=first HTTP/1.1\r\nHost: a\r\n\r\n").until("hello first");
  });

  it("makes room by the one that is answered longest where none waits", async () => {
    await using world = await World.start({ maxConnections: 1 });
    await using first = await AdminClient.connect(world.server.port);
    first.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
    await world.asked.promise;
    await using second = await AdminClient.connect(world.server.port);
    await second.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").until("hello you");
    assert.equal(await first.untilClosed(), "");
  });

  it("lets an answer under way end, and closes the rest at once", async () => {
    await using world = await World.start();
    await using busy = await AdminClient.connect(world.server.port);
    await using idle = await AdminClient.connect(world.server.port);
    await idle.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").until("hello you");
    busy.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
    await world.asked.promise;
    const closed = world.server[Symbol.asyncDispose]();
    await idle.untilClosed();
    idle.socket.end();
    world.held.resolve();
    assert.match(await busy.untilClosed(), /Connection: close\r\n\r\nat last\n$/);
    busy.socket.end();
    await closed;
    await assert.rejects(AdminClient.connect(world.server.port));
  });

  it("does not wait long for answers when it closes", async () => {
    await using world = await World.start({ closeTimeoutMs: 20 }, false);
    await using client = await AdminClient.connect(world.server.port);
    client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
    await world.asked.promise;
    const closed = world.server[Symbol.asyncDispose]();
    assert.equal(await client.untilClosed(), "");
    world.held.resolve();
    await closed;
  });

  it("says that an address is taken", async () => {
    await using world = await World.start();
    const again = startAdmin({
      host: "127.0.0.1",
      port: world.server.port,
      routes: new Map(),
      onError: () => undefined,
    });
    await assert.rejects(again, { code: "EADDRINUSE" });
  });

  it("takes every address where none is named", async () => {
    await using server = await startAdmin({ host: "", port: 0, routes: new Map(), onError: () => undefined });
    await using client = await AdminClient.connect(server.port);
    assert.match(await client.send(`GET / HTTP/1.1\r\n${close}`).untilClosed(), /^HTTP\/1\.1 200 /);
  });

  it("speaks with curl", async () => {
    await using world = await World.start({}, false);
    const base = `http://127.0.0.1:${world.server.port}`;
    const curl = async (...words: readonly string[]): Promise<string> =>
      (await run("curl", ["-sS", ...words])).stdout;
    const connects = ["-w", " %{http_code} %{num_connects}\n"];
    const got = await curl(...connects, `${base}/hello?name=me`, `${base}/pieces`);
    assert.equal(got, "hello me\n 200 1\nébc 200 0\n");
    assert.match(await curl("-I", `${base}/pieces`), /^HTTP\/1\.1 200 OK\r\n/);
    assert.equal(await curl("-d", "a=b", "-H", "Expect: 100-continue", `${base}/post`), "posted\n");
    assert.equal(await curl("-0", ...connects, `${base}/pieces`), "ébc 200 1\n");
    const size = await curl("-o", "/dev/null", "-w", "%{size_download}", `${base}/large`);
    assert.equal(size, String(PIECE.length * PIECES));
  });
});
