import assert from "node:assert/strict";
import type net from "node:net";
import {
  answering,
  eventually,
  type Harness,
  RawClient,
  type RawServer,
  startHarness,
  startRawServer,
} from "../support/proxy-harness.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const OK_CLOSE = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 2\r\n\r\nhi";
const EMPTY_POST = "POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 0\r\n\r\n";

/** Answers requests of these tests, `limit` on a connection, the last one as it is told. */
function answeringUpTo(limit: number, last: (socket: net.Socket) => void): (socket: net.Socket) => void {
  return (socket) => {
    let pending = "";
    let count = 0;
    socket.on("data", (chunk) => {
      pending += chunk.toString("latin1");
      for (;;) {
        const request = /^[A-Z]+ .*?\r\n\r\n(?<=Content-Length: 2\r\n\r\n)hi|^[A-Z]+ .*?\r\n\r\n(?!hi)/s.exec(
          pending,
        );
        if (request === null || count === limit) return;
        pending = pending.slice(request[0].length);
        count++;
        if (count < limit) socket.write(OK);
        else last(socket);
      }
    });
  };
}

interface Setup extends AsyncDisposable {
  readonly server: RawServer;
  readonly harness: Harness;
}

async function setUp(
  onConnection: (socket: net.Socket, index: number) => void,
  limits: Parameters<typeof startHarness>[0]["limits"] = {},
): Promise<Setup> {
  const server = await startRawServer(onConnection);
  const harness = await startHarness({ backends: { "app/web:80": [server.port] }, limits });
  return {
    server,
    harness,
    [Symbol.asyncDispose]: async () => {
      await harness[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const ENDS = [
  { name: "saying so", last: (socket: net.Socket) => socket.end(OK_CLOSE) },
  { name: "without a word", last: (socket: net.Socket) => socket.end(OK) },
  {
    name: "without a word, a turn later",
    last: (socket: net.Socket) => socket.write(OK, () => setImmediate(() => socket.end())),
  },
  {
    name: "by a reset a turn later",
    last: (socket: net.Socket) => socket.write(OK, () => setImmediate(() => socket.resetAndDestroy())),
  },
] as const;

describe("connections to an endpoint", () => {
  for (const perConnection of [1, 2, 7, 100]) {
    for (const end of ENDS) {
      it(`1,000 requests in a row, ${perConnection} a connection, which the server ends ${end.name}`, async () => {
        await using setup = await setUp(answeringUpTo(perConnection, end.last));
        await using client = new RawClient(setup.harness.port);
        for (let n = 0; n < 1_000; n++) {
          client.send(GET);
          const { status } = await client.response();
          assert.equal(status, 200, `request ${n}`);
        }
        assert.equal(setup.harness.telemetry.count("failures"), 0);
      });
    }
  }

  for (const end of ENDS) {
    it(`1,000 POSTs in a row, 3 a connection, which the server ends ${end.name}`, async () => {
      await using setup = await setUp(answeringUpTo(3, end.last));
      await using client = new RawClient(setup.harness.port);
      for (let n = 0; n < 1_000; n++) {
        client.send(n % 2 === 0 ? POST : EMPTY_POST);
        const { status } = await client.response();
        assert.equal(status, 200, `request ${n}`);
      }
      assert.equal(setup.harness.telemetry.count("failures"), 0);
    });
  }

  it("sends a GET again when the server closes a resting connection as it comes", async () => {
    await using setup = await setUp((socket, index) => {
      if (index > 0) answering(OK)(socket);
      else
        answeringUpTo(1, (first) => {
          first.write(OK);
          first.once("data", () => first.resetAndDestroy());
        })(socket);
    });
    const { harness } = setup;
    await using client = new RawClient(harness.port);
    client.send(GET);
    await client.response();
    client.send(GET);
    assert.equal((await client.response()).status, 200);
    assert.equal(harness.telemetry.count("resends", "reused_connection_closed"), 1);
  });

  for (const close of ["end", "resetAndDestroy"] as const) {
    it(`loses no POST that comes in the turn in which the server closes the connection by ${close}`, async () => {
      await using setup = await setUp(answering(OK));
      await using client = new RawClient(setup.harness.port);
      client.send(EMPTY_POST);
      await client.response();
      for (let n = 0; n < 50; n++) {
        // Both are in the kernel before the proxy reads again, and the request is what it reads first.
        client.send(EMPTY_POST);
        setup.server.sockets.at(-1)?.[close]();
        assert.equal((await client.response()).status, 200, `request ${n}`);
      }
      assert.equal(setup.harness.telemetry.count("failures"), 0);
    });
  }

  it("does not send a POST on a connection that rested for long", async () => {
    await using setup = await setUp(answering(OK), { freshConnectionMs: 0 });
    await using client = new RawClient(setup.harness.port);
    for (let n = 1; n <= 3; n++) {
      client.send(EMPTY_POST);
      assert.equal((await client.response()).status, 200);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(setup.server.sockets.length, n);
    }
  });

  it("keeps a POST of no bytes and its connection as any other", async () => {
    await using setup = await setUp(answering(OK));
    await using client = new RawClient(setup.harness.port);
    for (let n = 0; n < 5; n++) {
      client.send(EMPTY_POST);
      const response = await client.response();
      assert.equal(response.headers.get("connection"), undefined);
    }
    assert.equal(setup.server.sockets.length, 1);
  });

  it("closes resting connections before a server that says how long it keeps them", async () => {
    const keepAlive = OK.replace("\r\n", "\r\nKeep-Alive: timeout=1\r\n");
    await using setup = await setUp(answering(keepAlive), { upstreamIdleTimeoutMs: 600_000 });
    const { harness } = setup;
    await using client = new RawClient(harness.port);
    client.send(GET);
    await client.response();
    // The server never closes it here, and the limit is far away.
    await eventually("the connection to close", () =>
      harness.telemetry.count("upstreamOpen") === 0 ? undefined : "open",
    );
  });

  it("closes resting connections after the limit, and those of a server that does not keep them sooner", async () => {
    await using setup = await setUp(answering(OK), { upstreamIdleTimeoutMs: 20 });
    const { harness } = setup;
    await using client = new RawClient(harness.port);
    for (let n = 1; n <= 3; n++) {
      client.send(GET);
      await client.response();
      await eventually("the connection to close", () =>
        harness.telemetry.count("upstreamOpen") === 0 ? undefined : "open",
      );
      assert.equal(setup.server.sockets.length, n);
    }
  });
});
