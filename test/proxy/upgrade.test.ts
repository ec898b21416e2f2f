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
const GET = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";
const ASKED = "GET /chat HTTP/1.1\r\nHost: web\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

interface Setup extends AsyncDisposable {
  readonly server: RawServer;
  readonly harness: Harness;
}

async function setUp(onConnection: (socket: net.Socket, index: number) => void): Promise<Setup> {
  const server = await startRawServer(onConnection);
  const harness = await startHarness({ backends: { "app/web:80": [server.port] } });
  return {
    server,
    harness,
    [Symbol.asyncDispose]: async () => {
      await harness[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Answers the first head by `reply`, then sends back what comes, in capitals. */
function echoingAfter(reply: string): (socket: net.Socket) => void {
  return (socket) => {
    let pending = "";
    let isSwitched = false;
    socket.on("data", (chunk) => {
      if (isSwitched) {
        socket.write(chunk.toString("latin1").toUpperCase());
        return;
      }
      pending += chunk.toString("latin1");
      const end = pending.indexOf("\r\n\r\n");
      if (end < 0) return;
      isSwitched = true;
      socket.write(reply + pending.slice(end + 4).toUpperCase(), "latin1");
    });
    socket.on("end", () => socket.end("BYE"));
  };
}

describe("an upgrade", () => {
  it("becomes a tunnel after 101", async () => {
    await using setup = await setUp(echoingAfter(SWITCHED));
    const { harness } = setup;
    await using client = new RawClient(harness.port);
    client.send(ASKED);
    const response = await client.response();
    assert.equal(response.status, 101);
    assert.equal(response.headers.get("upgrade"), "websocket");
    assert.equal(response.headers.get("connection"), "upgrade");
    client.send("hello");
    assert.equal(await client.until((text) => text.length >= 5), "HELLO");
    client.send("GET / HTTP/1.1\r\n\r\n");
    await client.until((text) => text.includes("GET / HTTP/1.1\r\n\r\n"));
    assert.equal(harness.telemetry.count("requests", 101), 1);
    assert.equal(harness.proxy.activity.busy, 1);
    assert.equal(harness.telemetry.count("upstreamOpen"), 1);
  });

  it("loses no byte that either side sends along with its head", async () => {
    await using setup = await setUp((socket) => {
      socket.once("data", (chunk) => {
        const text = chunk.toString("latin1");
        socket.write(`${SWITCHED}first words${text.slice(text.indexOf("\r\n\r\n") + 4)}`);
        socket.on("data", (more) => socket.write(more));
        socket.on("end", () => socket.end());
      });
    });
    await using client = new RawClient(setup.harness.port);
    client.send(`${ASKED}early bytes`);
    assert.equal((await client.response()).status, 101);
    await client.until((text) => text.includes("early bytes"));
    assert.equal(client.received, "first wordsearly bytes");
  });

  it("keeps what the client sends early until the endpoint has agreed", async () => {
    let seen = "";
    let agree = (): void => undefined;
    await using setup = await setUp((socket) => {
      socket.on("data", (chunk) => {
        seen += chunk.toString("latin1");
      });
      agree = () => socket.write(SWITCHED);
      socket.on("end", () => socket.end());
    });
    await using client = new RawClient(setup.harness.port);
    client.send(`${ASKED}GET /smuggled HTTP/1.1\r\nHost: web\r\n\r\n`);
    await eventually("the head", () => (seen.endsWith("\r\n\r\n") ? undefined : "not yet"));
    for (let n = 0; n < 50; n++) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(!seen.includes("smuggled"));
    agree();
    await eventually("the rest", () => (seen.includes("smuggled") ? undefined : "not yet"));
  });

  it("that is refused is a normal response, and the next request is one", async () => {
    await using setup = await setUp(answering(OK));
    await using client = new RawClient(setup.harness.port);
    client.send(ASKED + GET);
    assert.equal((await client.response()).body, "ok");
    assert.equal((await client.response()).body, "ok");
    client.send(GET);
    assert.equal((await client.response()).body, "ok");
    assert.equal(setup.server.sockets.length, 1);
  });

  for (const c of [
    { name: "101 to a request that asked for nothing", request: GET, reply: SWITCHED },
    { name: "101 without its fields", request: ASKED, reply: "HTTP/1.1 101 Switching Protocols\r\n\r\n" },
    {
      name: "101 before the end of the request's body",
      request: ASKED.replace("\r\n\r\n", "\r\nContent-Length: 10\r\n\r\nhello"),
      reply: SWITCHED,
    },
  ]) {
    it(`${c.name} is answered 502`, async () => {
      await using setup = await setUp((socket) => {
        socket.once("data", () => socket.write(c.reply));
      });
      await using client = new RawClient(setup.harness.port);
      client.send(c.request);
      assert.equal((await client.response()).status, 502);
      assert.equal(setup.harness.telemetry.count("failures", "response_malformed"), 1);
    });
  }

  it("passes on FIN in each direction by itself", async () => {
    await using setup = await setUp(echoingAfter(SWITCHED));
    await using client = new RawClient(setup.harness.port);
    client.send(ASKED);
    await client.response();
    client.socket.end();
    assert.equal(await client.closed(), "BYE");
    assert.equal(client.closedBy, "end");
  });

  it("passes on a reset of the endpoint as one", async () => {
    await using setup = await setUp((socket) => {
      socket.once("data", () => {
        socket.write(SWITCHED, () => setImmediate(() => socket.resetAndDestroy()));
      });
    });
    await using client = new RawClient(setup.harness.port);
    client.send(ASKED);
    await client.closed();
    assert.equal(client.closedBy, "ECONNRESET");
  });

  it("passes on a reset of the client as one", async () => {
    const broken = Promise.withResolvers<string>();
    await using setup = await setUp((socket) => {
      socket.on("error", (error: NodeJS.ErrnoException) => broken.resolve(error.code ?? ""));
      socket.once("data", () => socket.write(SWITCHED));
    });
    await using client = new RawClient(setup.harness.port);
    client.send(ASKED);
    await client.response();
    client.socket.resetAndDestroy();
    assert.equal(await broken.promise, "ECONNRESET");
  });

  it("ends when the client is gone though it had ended its side before, and the endpoint talks on", async () => {
    const closed = Promise.withResolvers<void>();
    await using setup = await setUp((socket) => {
      socket.once("data", () => socket.write(SWITCHED));
      socket.on("end", () => {
        const pump = setInterval(() => socket.write("more"), 1);
        socket.on("close", () => {
          clearInterval(pump);
          closed.resolve();
        });
      });
    });
    await using client = new RawClient(setup.harness.port);
    client.send(ASKED);
    await client.response();
    client.socket.destroy();
    await closed.promise;
    await setup.harness.quiet();
  });
});
