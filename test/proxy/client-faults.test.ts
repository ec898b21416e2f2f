import assert from "node:assert/strict";
import type net from "node:net";
import { startDeafServer } from "../support/deaf-server.ts";
import {
  answering,
  closedPort,
  eventually,
  type Harness,
  type HarnessOptions,
  RawClient,
  type RawServer,
  startHarness,
  startRawServer,
} from "../support/proxy-harness.ts";
import { ResponseReader } from "../support/response-reader.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";
const BACKEND = "app/web:80";

interface Setup extends AsyncDisposable {
  readonly server: RawServer;
  readonly harness: Harness;
}

async function setUp(
  onConnection: (socket: net.Socket, index: number) => void,
  options: HarnessOptions = {},
): Promise<Setup> {
  const server = await startRawServer(onConnection);
  const harness = await startHarness({ backends: { [BACKEND]: [server.port] }, ...options });
  return {
    server,
    harness,
    [Symbol.asyncDispose]: async () => {
      await harness[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Answers with the path of each request; a request's body is as long as its Content-Length says. */
function echoing(socket: net.Socket): void {
  let pending = "";
  socket.on("data", (chunk) => {
    pending += chunk.toString("latin1");
    for (;;) {
      const head = /^\S+ (\S+) [^]*?\r\n\r\n/.exec(pending);
      if (head === null) return;
      const length = Number(/content-length: (\d+)/i.exec(head[0])?.[1] ?? 0);
      if (pending.length < head[0].length + length) return;
      const body = pending.slice(head[0].length, head[0].length + length);
      pending = pending.slice(head[0].length + length);
      const text = `${head[1]}:${body}`;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`, "latin1");
    }
  });
  socket.on("end", () => socket.end());
}

const LEAVES = [
  { name: "FIN both ways", apply: (client: RawClient) => client.socket.destroy() },
  { name: "RST", apply: (client: RawClient) => client.socket.resetAndDestroy() },
] as const;

describe("a client that leaves", () => {
  for (const leave of LEAVES) {
    it(`inside a head, by ${leave.name}`, async () => {
      await using setup = await setUp(() => undefined);
      await using client = new RawClient(setup.harness.port);
      client.send("GET / HTTP/1.1\r\nHo");
      await eventually("the connection", () =>
        setup.harness.proxy.activity.connections > 0 ? undefined : "none",
      );
      leave.apply(client);
      await setup.harness.quiet();
    });

    it(`before it has an answer, by ${leave.name}`, async () => {
      await using setup = await setUp(() => undefined);
      const { harness, server } = setup;
      await using client = new RawClient(harness.port);
      client.send(GET);
      await eventually("the request", () => (server.sockets.length > 0 ? undefined : "none"));
      leave.apply(client);
      // FIN alone may come from a client that waits for its answer: that it does not, shows as it gets one.
      const bytes = `HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n${"x".repeat(1_000)}`;
      await new Promise((resolve) => setTimeout(resolve, 20));
      server.sockets[0]?.write(bytes);
      const pump = setInterval(() => server.sockets[0]?.write("x".repeat(1_000)), 5);
      await harness.quiet();
      clearInterval(pump);
      assert.equal(harness.telemetry.count("failures", "client_closed"), 1);
      assert.equal(harness.telemetry.count("upstreamOpen"), 0);
    });

    it(`inside its body, by ${leave.name}: the endpoint sees a broken request`, async () => {
      const ends: string[] = [];
      await using setup = await setUp((socket) => {
        socket.resume();
        socket.on("error", () => ends.push("error"));
        socket.on("close", () => ends.push("close"));
      });
      const { harness, server } = setup;
      await using client = new RawClient(harness.port);
      client.send("POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
      await eventually("the request", () => (server.sockets.length > 0 ? undefined : "none"));
      leave.apply(client);
      await harness.quiet();
      assert.equal(harness.telemetry.count("upstreamOpen"), 0);
    });

    it(`while it is answered, by ${leave.name}: the endpoint is not drained for nobody`, async () => {
      await using setup = await setUp((socket) => {
        const pump = (): void => {
          if (!socket.destroyed) socket.write("5\r\nhello\r\n", () => setImmediate(pump));
        };
        socket.once("data", () => {
          socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
          pump();
        });
      });
      await using client = new RawClient(setup.harness.port);
      client.send(GET);
      await client.until((text) => text.includes("hello"));
      leave.apply(client);
      await setup.harness.quiet();
      assert.equal(setup.harness.telemetry.count("upstreamOpen"), 0);
    });

    it(`while it is answered and has sent ahead, by ${leave.name}`, async () => {
      await using setup = await setUp((socket) => {
        const pump = (): void => {
          if (!socket.destroyed) socket.write("5\r\nhello\r\n", () => setImmediate(pump));
        };
        socket.once("data", () => {
          socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
          pump();
        });
      });
      await using client = new RawClient(setup.harness.port);
      client.send(GET + GET);
      await client.until((text) => text.includes("hello"));
      leave.apply(client);
      await setup.harness.quiet();
    });

    it(`while its connection is being established, by ${leave.name}`, async () => {
      await using deaf = await startDeafServer();
      await using harness = await startHarness({ backends: { [BACKEND]: [deaf.port] } });
      await using client = new RawClient(harness.port);
      client.send(GET);
      await eventually("the connect", () => (harness.proxy.activity.busy > 0 ? undefined : "none"));
      leave.apply(client);
      await harness.quiet();
      assert.equal(harness.telemetry.count("upstreamOpen"), 0);
    });
  }
});

describe("a client that ends its side", () => {
  it("after the request still gets its response", async () => {
    let answer = (): void => undefined;
    await using setup = await setUp((socket) => {
      socket.once("data", () => {
        answer = () => socket.write(OK);
      });
    });
    await using client = new RawClient(setup.harness.port);
    client.send(GET);
    client.socket.end();
    await eventually("the request", () => (setup.server.sockets.length > 0 ? undefined : "none"));
    for (let n = 0; n < 10; n++) await turn();
    answer();
    const response = await client.response();
    assert.equal(response.body, "ok");
    assert.equal(response.headers.get("connection"), "close");
    assert.equal(await client.closed(), "");
    assert.equal(client.closedBy, "end");
  });

  it("after several requests gets all their responses", async () => {
    await using setup = await setUp(echoing);
    await using client = new RawClient(setup.harness.port);
    client.send([1, 2, 3, 4].map((n) => `GET /${n} HTTP/1.1\r\nHost: web\r\n\r\n`).join(""));
    client.socket.end();
    for (let n = 1; n <= 4; n++) assert.equal((await client.response()).body, `/${n}:`);
    assert.equal(await client.closed(), "");
  });

  for (const c of [
    {
      name: "inside a body with a length",
      request: "POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 9\r\n\r\nhello",
    },
    {
      name: "inside a chunked body",
      request: "POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    },
    {
      name: "behind the last chunk, without the empty line",
      request: "POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    },
    { name: "inside a head", request: "GET / HTTP/1.1\r\nHost: w" },
    {
      name: "right behind a head that announces a body",
      request: "POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 9\r\n\r\n",
    },
  ]) {
    it(`${c.name} is answered 400, and the endpoint never sees a whole request`, async () => {
      let seen = "";
      await using setup = await setUp((socket) => {
        socket.on("data", (chunk) => {
          seen += chunk.toString("latin1");
        });
      });
      await using client = new RawClient(setup.harness.port);
      client.send(c.request);
      client.socket.end();
      assert.equal((await client.response()).status, 400);
      await client.closed();
      await setup.harness.quiet();
      assert.ok(!seen.includes("0\r\n\r\n"));
      assert.equal(setup.harness.telemetry.count("upstreamOpen"), 0);
    });
  }

  it("and is gone then ends its exchange, though nobody answers", async () => {
    await using setup = await setUp(() => undefined);
    await using client = new RawClient(setup.harness.port);
    client.send(GET);
    client.socket.end();
    await eventually("the request", () => (setup.server.sockets.length > 0 ? undefined : "none"));
    client.socket.resetAndDestroy();
    await setup.harness.quiet();
    assert.equal(setup.harness.telemetry.count("failures", "client_closed"), 1);
  });

  it("inside a body while the endpoint is being connected is answered too", async () => {
    await using deaf = await startDeafServer();
    await using harness = await startHarness({
      backends: { [BACKEND]: [deaf.port] },
      limits: { connectTimeoutMs: 100 },
    });
    await using client = new RawClient(harness.port);
    client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 9\r\n\r\nhello");
    client.socket.end();
    assert.match(String((await client.response()).status), /^(400|503)$/);
    await client.closed();
  });
});

describe("a client that is slow", () => {
  it("is read byte by byte", async () => {
    await using setup = await setUp(echoing);
    await using client = new RawClient(setup.harness.port);
    client.socket.setNoDelay(true);
    for (const byte of "POST /slow HTTP/1.1\r\nHost: web\r\nContent-Length: 5\r\n\r\nhello") {
      client.send(byte);
      await turn();
    }
    assert.equal((await client.response()).body, "/slow:hello");
  });

  it("may split its requests at every byte", async () => {
    await using setup = await setUp(echoing);
    const requests =
      "POST /one HTTP/1.1\r\nHost: web\r\nContent-Length: 5\r\n\r\nhelloGET /two HTTP/1.1\r\nHost: web\r\n\r\n";
    await using client = new RawClient(setup.harness.port);
    client.socket.setNoDelay(true);
    for (let at = 1; at < requests.length; at++) {
      client.send(requests.slice(0, at));
      await turn();
      await turn();
      client.send(requests.slice(at));
      assert.equal((await client.response()).body, "/one:hello", `split at ${at}`);
      assert.equal((await client.response()).body, "/two:", `split at ${at}`);
    }
    assert.equal(setup.harness.telemetry.count("failures"), 0);
  });

  it("loses its connection when half a second request never gets whole", async () => {
    await using setup = await setUp(echoing, { limits: { headTimeoutMs: 30 } });
    await using client = new RawClient(setup.harness.port);
    client.send(`GET /1 HTTP/1.1\r\nHost: web\r\n\r\nGET /2 HT`);
    assert.equal((await client.response()).body, "/1:");
    assert.equal((await client.response()).status, 408);
    await client.closed();
  });

  it("keeps its connection when all it sends after a request is an empty line", async () => {
    await using setup = await setUp(echoing, { limits: { headTimeoutMs: 30 } });
    await using client = new RawClient(setup.harness.port);
    client.send(`GET /1 HTTP/1.1\r\nHost: web\r\n\r\n\r\n`);
    assert.equal((await client.response()).body, "/1:");
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(client.closedBy, undefined);
    client.send("GET /2 HTTP/1.1\r\nHost: web\r\n\r\n");
    assert.equal((await client.response()).body, "/2:");
  });

  it("loses its connection when it never sends the rest of a body that was answered already", async () => {
    await using harness = await startHarness({
      backends: { [BACKEND]: [] },
      limits: { bodyStallTimeoutMs: 30 },
    });
    await using client = new RawClient(harness.port);
    client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 9\r\n\r\nhello");
    assert.equal((await client.response()).status, 503);
    assert.equal(await client.closed(), "");
  });

  it("loses its connection when it takes nothing of a response any more", async () => {
    const size = 32 * 1024 * 1024;
    await using setup = await setUp(
      (socket) => {
        socket.once("data", () => {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
          socket.write(Buffer.alloc(size));
        });
      },
      { limits: { writeStallTimeoutMs: 50 } },
    );
    await using client = new RawClient(setup.harness.port);
    client.socket.pause();
    client.send(GET);
    await setup.harness.busy();
    await setup.harness.quiet();
    assert.equal(setup.harness.telemetry.count("failures", "client_closed"), 1);
    assert.equal(setup.harness.telemetry.count("upstreamOpen"), 0);
  });

  it("loses its connection when it takes nothing of a last response that is complete here", async () => {
    const size = 8 * 1024 * 1024;
    await using setup = await setUp(
      (socket) => {
        socket.once("data", () =>
          socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${"x".repeat(size)}`),
        );
      },
      { limits: { writeStallTimeoutMs: 50, highWaterBytes: 2 * size } },
    );
    await using client = new RawClient(setup.harness.port);
    client.socket.pause();
    client.send("GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n");
    await setup.harness.busy();
    await setup.harness.quiet();
  });

  it("keeps its connection as long as it takes something", async () => {
    const size = 8 * 1024 * 1024;
    await using setup = await setUp(
      (socket) => {
        socket.once("data", () => {
          socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${"x".repeat(size)}`);
        });
      },
      { limits: { writeStallTimeoutMs: 400, highWaterBytes: 2 * size } },
    );
    await using client = new RawClient(setup.harness.port);
    client.send(GET);
    let bytes = 0;
    let nextStop = 0;
    client.socket.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes < nextStop) return;
      nextStop = bytes + size / 12;
      client.socket.pause();
      setTimeout(() => client.socket.resume(), 100);
    });
    assert.equal((await client.response()).body.length, size);
    assert.equal(setup.harness.telemetry.count("failures"), 0);
  });

  it("gets all of a last response, however late it reads", async () => {
    const size = 8 * 1024 * 1024;
    await using setup = await setUp(
      (socket) => {
        socket.once("data", () =>
          socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${"x".repeat(size)}`),
        );
      },
      { limits: { highWaterBytes: 2 * size } },
    );
    await using client = new RawClient(setup.harness.port);
    client.socket.pause();
    client.send("GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n");
    await eventually("the exchange to end", () => (setup.harness.log.length > 0 ? undefined : "none"));
    // Longer than a refused client may linger.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    client.socket.resume();
    const text = await client.closed();
    assert.equal(text.length, size + text.indexOf("\r\n\r\n") + 4);
    assert.equal(client.closedBy, "end");
  });

  it("is told 504 when the endpoint takes nothing of its request any more", async () => {
    await using setup = await setUp((socket) => socket.pause(), { limits: { writeStallTimeoutMs: 50 } });
    await using client = new RawClient(setup.harness.port);
    const size = 64 * 1024 * 1024;
    client.send(`POST / HTTP/1.1\r\nHost: web\r\nContent-Length: ${size}\r\n\r\n`);
    client.socket.write(Buffer.alloc(size));
    assert.equal((await client.response()).status, 504);
  });
});

describe("a client that sends ahead", () => {
  it("gets answers in order, with failures in between", async () => {
    await using setup = await setUp(echoing, {
      rules: [
        { matches: [{ path: { kind: "PathPrefix", value: "/ok" }, headers: [], queryParams: [] }] },
        {
          matches: [{ path: { kind: "PathPrefix", value: "/bad" }, headers: [], queryParams: [] }],
          backends: [
            {
              target: { kind: "Invalid", reason: "BackendNotFound", message: "none" },
              weight: 1,
              filters: [],
            },
          ],
        },
      ],
    });
    await using client = new RawClient(setup.harness.port);
    const kinds = ["ok", "none", "bad", "none", "ok", "ok", "bad", "bad", "ok"];
    const requests = kinds.map((kind, n) => {
      const body = n % 3 === 0 ? "" : "x".repeat(n);
      return `POST /${kind}/${n} HTTP/1.1\r\nHost: web\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    });
    client.send(requests.join("").repeat(20));
    for (let n = 0; n < 20 * kinds.length; n++) {
      const response = await client.response();
      const kind = kinds[n % kinds.length];
      const at = n % kinds.length;
      assert.equal(response.status, kind === "ok" ? 200 : kind === "bad" ? 500 : 404, `response ${n}`);
      assert.equal(
        response.body.startsWith(`/ok/${at}:${at % 3 === 0 ? "" : "x".repeat(at)}`),
        kind === "ok",
        `response ${n}: ${response.body}`,
      );
    }
  });

  it("gets its answers when the body comes with the head and no endpoint can be reached", async () => {
    const refused = await closedPort();
    await using harness = await startHarness({ backends: { [BACKEND]: [refused] } });
    await using client = new RawClient(harness.port);
    const post = "POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 5\r\n\r\nhello";
    client.send(post + GET + post);
    for (let n = 0; n < 3; n++) assert.equal((await client.response()).status, 503);
    client.send(GET);
    assert.equal((await client.response()).status, 503);
  });

  for (const c of [
    { name: "to an endpoint", rules: [{}], status: 200 },
    {
      name: "that no rule matches",
      rules: [
        {
          matches: [{ path: { kind: "Exact", value: "/never" }, headers: [], queryParams: [] } as const],
        },
      ],
      status: 404,
    },
  ]) {
    it(`may send 10,000 requests at once, ${c.name}`, async () => {
      await using setup = await setUp(answering(OK), { rules: c.rules });
      await using client = new RawClient(setup.harness.port);
      const reader = new ResponseReader();
      for (let n = 0; n < 10_000; n++) reader.due.push("GET");
      client.send(GET.repeat(10_000));
      while (reader.responses.length < 10_000) {
        await client.until((text) => text.length > 0);
        assert.equal(client.closedBy, undefined);
        reader.push(client.received);
        client.received = "";
      }
      assert.ok(reader.responses.every(({ status }) => status === c.status));
      assert.equal(reader.rest, "");
    });
  }

  it("is not read for ever when it takes no answers", async () => {
    await using harness = await startHarness({ backends: { [BACKEND]: [] } });
    await using client = new RawClient(harness.port);
    client.socket.pause();
    const batch = Buffer.from(GET.repeat(1_000));
    // What the kernel and both ends hold is far less than this: if it all were taken, it would be without bound.
    let written = 0;
    let isTaken = true;
    while (isTaken && written < 256 * 1024 * 1024) {
      const taken = Promise.withResolvers<boolean>();
      client.socket.write(batch, () => taken.resolve(true));
      written += batch.length;
      const giveUp = setTimeout(() => taken.resolve(false), 500);
      isTaken = await taken.promise;
      clearTimeout(giveUp);
    }
    assert.equal(isTaken, false);
  });

  it("is not read for ever when it takes no responses of an endpoint", async () => {
    const big = `HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n${"x".repeat(50_000)}`;
    await using setup = await setUp(answering(big));
    await using client = new RawClient(setup.harness.port);
    client.socket.pause();
    let asked = 0;
    const { log } = setup.harness;
    for (; asked < 10_000; asked++) {
      client.send(GET);
      const limit = performance.now() + 300;
      while (log.length <= asked && performance.now() < limit) await turn();
      if (log.length <= asked) break;
    }
    assert.ok(asked < 10_000, "all were answered");
  });

  it("is not answered a second time for the rest of a request that has its answer", async () => {
    await using harness = await startHarness({ backends: { [BACKEND]: [] } });
    await using client = new RawClient(harness.port);
    client.send("POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert.equal((await client.response()).status, 503);
    client.send("zzz\r\n");
    assert.equal(await client.closed(), "");
  });

  it("keeps its connection when it sends the body of a request that was answered early", async () => {
    await using harness = await startHarness({ backends: { [BACKEND]: [] } });
    await using client = new RawClient(harness.port);
    for (let n = 0; n < 3; n++) {
      client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 10\r\n\r\nhello");
      assert.equal((await client.response()).status, 503);
      client.send("world");
    }
    client.send(GET);
    assert.equal((await client.response()).status, 503);
  });

  it("gets no answer to what follows a request that it called its last", async () => {
    await using setup = await setUp(echoing);
    await using client = new RawClient(setup.harness.port);
    client.send(
      `GET /1 HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: web\r\n\r\n`,
    );
    assert.equal((await client.response()).body, "/1:");
    assert.equal(await client.closed(), "");
    assert.equal(setup.harness.telemetry.count("requests"), 1);
  });
});
