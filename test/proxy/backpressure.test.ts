import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Harness, type HarnessOptions, startHarness, startRawServer } from "../support/proxy-harness.ts";

const MIB = 1024 * 1024;
/** Larger than all that the kernel buffers on the way together. */
const SIZE = 32 * MIB;
/** What a stream may hold in this process. */
const BOUND = 8 * MIB;
/** The same while nothing moves: a high-water mark in each direction, and what one read brings on top. */
const BOUND_AT_REST = MIB;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes of buffers in use. The ends of the tests keep one buffer, so that what grows is the proxy's. */
function heldBytes(): number {
  // What the first one finds is freed when the second begins.
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Writes `SIZE` bytes of `x` to a socket as fast as it takes them. */
class Source {
  readonly #socket: net.Socket;
  readonly #chunk: Buffer;
  readonly #count: number;
  #written = 0;
  readonly #end: string;

  constructor(socket: net.Socket, isChunked: boolean) {
    const payload = Buffer.alloc(64 * 1024, "x");
    this.#socket = socket;
    this.#chunk = isChunked
      ? Buffer.concat([Buffer.from("10000\r\n"), payload, Buffer.from("\r\n")])
      : payload;
    this.#count = SIZE / payload.length;
    this.#end = isChunked ? "0\r\n\r\n" : "";
    socket.on("drain", () => this.#pump());
    this.#pump();
  }

  #pump(): void {
    while (this.#written < this.#count) {
      this.#written++;
      if (!this.#socket.write(this.#chunk)) return;
    }
    if (this.#end !== "" && this.#written++ === this.#count) this.#socket.write(this.#end);
  }

  /** What was handed to the kernel. */
  get sentBytes(): number {
    return this.#written * this.#chunk.length - this.#socket.writableLength;
  }

  /** Waits until nothing more goes out. */
  async rest(): Promise<void> {
    let last = -1;
    let calm = 0;
    while (calm < 100) {
      await turn();
      calm = this.sentBytes === last ? calm + 1 : 0;
      last = this.sentBytes;
    }
  }
}

/** Counts all `x` that come. */
class Sink {
  count = 0;
  readonly #socket: net.Socket;

  constructor(socket: net.Socket) {
    this.#socket = socket;
  }

  async drain(onMebibytes: () => void): Promise<void> {
    let next = 16 * MIB;
    const whole = Promise.withResolvers<void>();
    this.#socket.on("data", (chunk: Buffer) => {
      for (const byte of chunk) if (byte === 0x78) this.count++;
      if (this.count >= next) {
        next += 16 * MIB;
        onMebibytes();
      }
      if (this.count >= SIZE) whole.resolve();
    });
    this.#socket.resume();
    await whole.promise;
  }
}

interface Case {
  readonly name: string;
  readonly options?: HarnessOptions;
  /** What the client says first. */
  readonly request: string;
  /** What the server says when it has heard that. */
  readonly response: string;
  readonly from: "client" | "server";
  readonly isChunked?: boolean;
}

const GET = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: web\r\n";
const UPGRADE = "GET / HTTP/1.1\r\nHost: web\r\nConnection: upgrade\r\nUpgrade: raw\r\n\r\n";
const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: raw\r\n\r\n";
const OPAQUE: HarnessOptions = { frontend: { protocol: "opaque" } };

const CASES: readonly Case[] = [
  {
    name: "a response with a length",
    request: GET,
    response: `HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`,
    from: "server",
  },
  {
    name: "a chunked response",
    request: GET,
    response: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    from: "server",
    isChunked: true,
  },
  { name: "a response until the end", request: GET, response: "HTTP/1.1 200 OK\r\n\r\n", from: "server" },
  {
    name: "a request with a length",
    request: `${POST}Content-Length: ${SIZE}\r\n\r\n`,
    response: "",
    from: "client",
  },
  {
    name: "a chunked request",
    request: `${POST}Transfer-Encoding: chunked\r\n\r\n`,
    response: "",
    from: "client",
    isChunked: true,
  },
  { name: "an upgraded connection, down", request: UPGRADE, response: SWITCHED, from: "server" },
  { name: "an upgraded connection, up", request: UPGRADE, response: SWITCHED, from: "client" },
  {
    name: "an opaque connection, down",
    options: OPAQUE,
    request: "hello",
    response: "hello",
    from: "server",
  },
  { name: "an opaque connection, up", options: OPAQUE, request: "hello", response: "hello", from: "client" },
];

interface Ends extends Disposable {
  readonly client: net.Socket;
  readonly server: net.Socket;
}

/** Both ends after what they say first; both are paused. */
async function begin(harness: Harness, accepted: Promise<net.Socket>, c: Case): Promise<Ends> {
  const client = net.connect({ port: harness.port, host: "127.0.0.1" });
  client.on("error", () => undefined);
  client.write(c.request);
  const server = await accepted;
  await once(server, "data");
  server.pause();
  if (c.response !== "") {
    server.write(c.response);
    await once(client, "data");
    client.pause();
  }
  return {
    client,
    server,
    [Symbol.dispose]: () => {
      client.resetAndDestroy();
      server.resetAndDestroy();
    },
  };
}

describe("backpressure", () => {
  for (const c of CASES) {
    it(`bounds what ${c.name} holds, while its reader rests and while it reads`, async () => {
      const accepted = Promise.withResolvers<net.Socket>();
      await using endpoint = await startRawServer((socket) => accepted.resolve(socket));
      await using harness = await startHarness({ backends: { "app/web:80": [endpoint.port] }, ...c.options });
      using ends = await begin(harness, accepted.promise, c);
      const { client, server } = ends;
      const [from, to] = c.from === "client" ? [client, server] : [server, client];
      const before = heldBytes();
      const source = new Source(from, c.isChunked === true);
      await source.rest();
      assert.ok(source.sentBytes < SIZE, "nothing held it back");
      const atRest = heldBytes() - before;
      assert.ok(atRest < BOUND_AT_REST, `${atRest} bytes at rest`);
      let most = 0;
      const sink = new Sink(to);
      await sink.drain(() => {
        most = Math.max(most, heldBytes() - before);
      });
      assert.equal(sink.count, SIZE);
      assert.ok(most < BOUND, `${most} bytes`);
    }).timeout(30_000);
  }
});
