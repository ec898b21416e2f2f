import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
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

const BACKEND = "app/web:80";
const OPAQUE: HarnessOptions = { frontend: { protocol: "opaque" } };
const DETECT: HarnessOptions = { frontend: { protocol: "detect" }, limits: { detectTimeoutMs: 30 } };
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";
const CLIENT_HELLO = Buffer.from("160301004a010000460303", "hex");

interface Setup extends AsyncDisposable {
  readonly server: RawServer;
  readonly harness: Harness;
}

async function setUp(
  onConnection: (socket: net.Socket, index: number) => void,
  options: HarnessOptions = OPAQUE,
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

/** Sends back what comes, then a word when the client has ended. */
function echoing(socket: net.Socket): void {
  socket.on("data", (chunk) => socket.write(chunk));
  socket.on("end", () => socket.end("bye"));
}

function greeting(socket: net.Socket): void {
  socket.write("220 ready\r\n");
  echoing(socket);
}

describe("an opaque port", () => {
  it("lets the server speak first, without waiting", async () => {
    await using setup = await setUp(greeting);
    await using client = new RawClient(setup.harness.port);
    assert.equal(await client.until((text) => text.endsWith("\n")), "220 ready\r\n");
    client.send("HELO");
    await client.until((text) => text.endsWith("HELO"));
    assert.equal(setup.harness.telemetry.count("connections", "opaque"), 1);
    assert.equal(setup.harness.telemetry.count("upstreamOpen"), 1);
  });

  it("keeps half-closed connections: the client's side first", async () => {
    await using setup = await setUp(echoing);
    await using client = new RawClient(setup.harness.port);
    client.send("last words");
    client.socket.end();
    assert.equal(await client.closed(), "last wordsbye");
  });

  it("keeps half-closed connections: the server's side first", async () => {
    let seen = "";
    await using setup = await setUp((socket) => {
      socket.end("all I say");
      socket.on("data", (chunk) => {
        seen += chunk.toString("latin1");
      });
    });
    await using client = new RawClient(setup.harness.port);
    assert.equal(await client.closed(), "all I say");
    client.send("but I go on");
    await eventually("the client's words", () => (seen === "but I go on" ? undefined : seen));
    client.socket.end();
  });

  it("carries what a client sends and ends before the endpoint is connected", async () => {
    await using setup = await setUp(echoing);
    await using client = new RawClient(setup.harness.port);
    client.socket.end("all at once");
    assert.equal(await client.closed(), "all at oncebye");
  });

  it("carries a lot in both directions at once", async () => {
    const size = 8 * 1024 * 1024;
    await using setup = await setUp(echoing);
    await using client = new RawClient(setup.harness.port);
    const bytes = Buffer.alloc(size);
    for (let at = 0; at < size; at += 4) bytes.writeUInt32LE(at, at);
    client.socket.end(bytes);
    const text = await client.closed();
    assert.equal(text.length, size + 3);
    assert.ok(Buffer.from(text.slice(0, size), "latin1").equals(bytes));
    assert.equal(setup.harness.telemetry.count("bytes", "sent"), size);
    assert.equal(setup.harness.telemetry.count("bytes", "received"), size + 3);
  });

  for (const c of [
    { name: "FIN", apply: (socket: net.Socket) => socket.end(), closedBy: "end" },
    { name: "RST", apply: (socket: net.Socket) => socket.resetAndDestroy(), closedBy: "ECONNRESET" },
  ]) {
    it(`passes on the server's ${c.name}`, async () => {
      await using setup = await setUp((socket) => {
        socket.once("data", () => c.apply(socket));
      });
      await using client = new RawClient(setup.harness.port);
      client.send("hello");
      await client.closed();
      assert.equal(client.closedBy, c.closedBy);
    });
  }

  it("goes on to another endpoint when one refuses or does not answer", async () => {
    await using deaf = await startDeafServer();
    const refused = await closedPort();
    await using server = await startRawServer(greeting);
    await using harness = await startHarness({
      ...OPAQUE,
      backends: { [BACKEND]: [refused, deaf.port, server.port] },
      limits: { connectTimeoutMs: 300 },
    });
    for (let n = 0; n < 5; n++) {
      await using client = new RawClient(harness.port);
      await client.until((text) => text.endsWith("\n"));
      assert.equal(client.received, "220 ready\r\n");
    }
    assert.equal(harness.telemetry.count("failures"), 0);
    assert.ok(harness.telemetry.count("connectFailures") >= 1);
  });

  for (const c of [
    { name: "no endpoint", ports: async () => [], kind: "no_endpoint" },
    {
      name: "endpoints that all refuse",
      ports: async () => [await closedPort(), await closedPort()],
      kind: "connection_refused",
    },
  ]) {
    it(`resets a connection that finds ${c.name}, and counts it`, async () => {
      await using harness = await startHarness({ ...OPAQUE, backends: { [BACKEND]: await c.ports() } });
      await using client = new RawClient(harness.port);
      client.send("hello");
      await client.closed();
      assert.equal(client.closedBy, "ECONNRESET");
      assert.equal(harness.telemetry.count("failures", c.kind), 1);
    });
  }

  for (const name of ["destroy", "resetAndDestroy"] as const) {
    it(`gives up connecting when the client leaves by ${name}`, async () => {
      await using deaf = await startDeafServer();
      await using harness = await startHarness({
        ...OPAQUE,
        backends: { [BACKEND]: [deaf.port] },
        limits: { connectTimeoutMs: 50 },
      });
      await using client = new RawClient(harness.port);
      client.send("hello");
      await harness.busy();
      client.socket[name]();
      await harness.quiet();
    });
  }

  it("leaves connections to an endpoint that is removed alone, and gives it no new one", async () => {
    const saying = (word: string) => (socket: net.Socket) => {
      socket.write(word);
      socket.on("end", () => socket.end());
    };
    await using one = await startRawServer(saying("one"));
    await using two = await startRawServer(saying("two"));
    await using harness = await startHarness({ ...OPAQUE, backends: { [BACKEND]: [one.port] } });
    await using before = new RawClient(harness.port);
    await before.until((text) => text === "one");
    harness.configure({ ...OPAQUE, backends: { [BACKEND]: [two.port] } });
    await using after = new RawClient(harness.port);
    assert.equal(await after.until((text) => text.length === 3), "two");
    one.sockets[0]?.write(", still");
    await before.until((text) => text === "one, still");
  });
});

describe("an endpoint with as many connections as it may have", () => {
  it("gets no more of them", async () => {
    await using setup = await setUp(greeting, { ...OPAQUE, limits: { pendingPerEndpoint: 1 } });
    await using first = new RawClient(setup.harness.port);
    await first.until((text) => text.endsWith("\n"));
    await using second = new RawClient(setup.harness.port);
    await second.closed();
    assert.equal(second.closedBy, "ECONNRESET");
    assert.equal(setup.harness.telemetry.count("failures", "overload"), 1);
  });
});

describe("a port that declares HTTP", () => {
  it("forwards TLS opaquely", async () => {
    let seen = Buffer.alloc(0);
    await using setup = await setUp((socket) => {
      socket.on("data", (chunk: Buffer) => {
        seen = Buffer.concat([seen, chunk]);
        socket.write("server hello");
      });
      socket.on("end", () => socket.end());
    }, {});
    await using client = new RawClient(setup.harness.port);
    client.send(CLIENT_HELLO);
    await client.until((text) => text === "server hello");
    assert.ok(seen.equals(CLIENT_HELLO));
    assert.equal(setup.harness.telemetry.count("connections", "opaque"), 1);
  });

  for (const garbage of ["\0\0\0\0", "SSH-2.0-x\r\n", '{"json": 1}\n', "PING\r\n", "\r\r\r"]) {
    it(`forwards ${JSON.stringify(garbage)} opaquely`, async () => {
      await using setup = await setUp(echoing, {});
      await using client = new RawClient(setup.harness.port);
      client.send(garbage);
      await client.until((text) => text === garbage);
      assert.equal(setup.harness.telemetry.count("connections", "opaque"), 1);
    });
  }

  it("tells protocols from first bytes that come one by one", async () => {
    await using setup = await setUp(echoing, {});
    for (const first of ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x01", "GET \x00"]) {
      await using client = new RawClient(setup.harness.port);
      client.socket.setNoDelay(true);
      for (const byte of first) {
        client.send(byte);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await client.until((text) => text.length > 0);
    }
    assert.equal(setup.harness.telemetry.count("connections", "http2"), 1);
    assert.equal(setup.harness.telemetry.count("connections", "opaque"), 1);
    assert.equal(setup.harness.telemetry.count("connections", "http1"), 1);
  });

  it("carries HTTP/2 with prior knowledge between those who speak it", async () => {
    const server = http2.createServer();
    server.on("stream", (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => {
      stream.respond({ ":status": 200 });
      stream.end(`you asked for ${headers[":path"]}`);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    {
      const { port } = server.address() as net.AddressInfo;
      await using harness = await startHarness({ backends: { [BACKEND]: [port] } });
      const session = http2.connect(`http://127.0.0.1:${harness.port}`);
      const bodies = await Promise.all(
        Array.from({ length: 50 }, async (_, n) => {
          const stream = session.request({ ":path": `/${n}` });
          let body = "";
          for await (const chunk of stream.setEncoding("utf8")) body += String(chunk);
          return body;
        }),
      );
      assert.deepEqual(
        bodies,
        bodies.map((_, n) => `you asked for /${n}`),
      );
      assert.equal(harness.telemetry.count("connections", "http2"), 1);
      session.close();
      await once(session, "close");
    }
    server.close();
  });

  it("closes a connection that ends without a byte", async () => {
    await using setup = await setUp(echoing, {});
    await using client = new RawClient(setup.harness.port);
    client.socket.end();
    assert.equal(await client.closed(), "");
    assert.equal(setup.server.sockets.length, 0);
  });

  it("closes a connection on which nothing comes for as long as a client may rest", async () => {
    await using setup = await setUp(echoing, { limits: { downstreamIdleTimeoutMs: 30 } });
    await using client = new RawClient(setup.harness.port);
    assert.equal(await client.closed(), "");
    assert.equal(client.closedBy, "end");
  });
});

describe("a port whose protocol is to be found out", () => {
  it("takes a silent client for one of a server that speaks first", async () => {
    await using setup = await setUp(greeting, DETECT);
    await using client = new RawClient(setup.harness.port);
    assert.equal(await client.until((text) => text.endsWith("\n")), "220 ready\r\n");
    assert.equal(setup.harness.telemetry.count("connections", "opaque"), 1);
  });

  it("parses HTTP/1.1", async () => {
    await using setup = await setUp(answering(OK), DETECT);
    await using client = new RawClient(setup.harness.port);
    client.send(GET);
    assert.equal((await client.response()).body, "ok");
    assert.equal(setup.harness.telemetry.count("connections", "http1"), 1);
  });

  it("forwards a beginning that could be HTTP, and is not continued", async () => {
    await using setup = await setUp(echoing, DETECT);
    await using client = new RawClient(setup.harness.port);
    client.send("GE");
    await client.until((text) => text === "GE");
    client.send("NTLEMEN");
    await client.until((text) => text === "GENTLEMEN");
  });

  it("gives the server's greeting to a client that ends at once", async () => {
    await using setup = await setUp(greeting, DETECT);
    await using client = new RawClient(setup.harness.port);
    client.socket.end();
    assert.equal(await client.closed(), "220 ready\r\nbye");
  });
});

describe("a destination that is not known", () => {
  it("is reset where it can't be passed through, and counted", async () => {
    await using harness = await startHarness({ backends: {} });
    harness.configure({ frontend: { address: "10.96.0.9" }, backends: {} });
    await using client = new RawClient(harness.port);
    await client.closed();
    assert.equal(harness.telemetry.count("passthrough", "unknown_destination"), 1);
  });
});
