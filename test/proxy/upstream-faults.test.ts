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
import { ResponseReader } from "../support/response-reader.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";

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

/** Calls back for each whole request head that comes, with its text. */
function onHeads(socket: net.Socket, callback: (head: string) => void): void {
  let pending = "";
  socket.on("data", (chunk) => {
    pending += chunk.toString("latin1");
    for (let end = pending.indexOf("\r\n\r\n"); end >= 0; end = pending.indexOf("\r\n\r\n")) {
      const head = pending.slice(0, end + 4);
      pending = pending.slice(end + 4);
      callback(head);
    }
  });
}

interface Outcome {
  /** The response, if it is complete. */
  readonly body: string | undefined;
  readonly status: number | undefined;
  readonly closedBy: string | undefined;
}

/** What a client makes of what it gets until it has a response or the connection ends. */
async function outcomeOf(client: RawClient, method: string): Promise<Outcome> {
  const reader = new ResponseReader();
  reader.due.push(method);
  await client.until((text) => {
    const trial = new ResponseReader();
    trial.due.push(method);
    trial.push(text);
    return trial.responses.length > 0;
  });
  reader.push(client.received);
  if (client.closedBy === "end") reader.end();
  const [response] = reader.responses;
  return { body: response?.body, status: response?.status, closedBy: client.closedBy };
}

const LENGTH_HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n";
const CHUNKED_HEAD = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const CLOSE_HEAD = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";

const RESPONSES = [
  { name: "with a length", head: LENGTH_HEAD, rest: "hello, world" },
  { name: "in chunks", head: CHUNKED_HEAD, rest: "5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\n\r\n" },
  { name: "in chunks with trailers", head: CHUNKED_HEAD, rest: "c\r\nhello, world\r\n0\r\nSum: 12\r\n\r\n" },
  { name: "until the connection ends", head: CLOSE_HEAD, rest: "hello, world" },
] as const;

const BREAKS = [
  { name: "FIN", isReset: false, apply: (socket: net.Socket) => socket.end() },
  { name: "RST", isReset: true, apply: (socket: net.Socket) => socket.resetAndDestroy() },
] as const;

describe("an endpoint that breaks off", () => {
  for (const { name, head, rest } of RESPONSES) {
    for (const broken of BREAKS) {
      for (const version of ["1.1", "1.0"]) {
        it(`a response ${name}, by ${broken.name} at every byte, to HTTP/${version}`, async () => {
          const response = head + rest;
          const untilEnd = head === CLOSE_HEAD;
          let cut = 0;
          await using setup = await setUp((socket) => {
            onHeads(socket, () => {
              socket.write(response.slice(0, cut), "latin1", () => broken.apply(socket));
            });
          });
          const { harness } = setup;
          for (; cut <= response.length; cut++) {
            await using client = new RawClient(harness.port);
            client.send(`GET / HTTP/${version}\r\nHost: web\r\n\r\n`);
            const { body, status, closedBy } = await outcomeOf(client, "GET");
            const isComplete = untilEnd ? cut >= head.length && !broken.isReset : cut === response.length;
            const at = `cut at ${cut}: ${JSON.stringify(response.slice(0, cut))}`;
            const expected = isComplete
              ? { status: 200, body: untilEnd ? rest.slice(0, cut - head.length) : "hello, world" }
              : cut < head.length
                ? { status: 502, body }
                : { status: undefined, body: undefined };
            assert.deepEqual({ status, body }, expected, at);
            assert.equal(status === undefined && closedBy === undefined, false, at);
          }
          const failures = harness.telemetry.count("failures");
          const complete = untilEnd ? (broken.isReset ? 0 : rest.length + 1) : 1;
          assert.equal(failures, response.length + 1 - complete);
          assert.equal(harness.telemetry.count("failures", "upstream_closed"), head.length);
        });
      }
    }
  }

  for (const c of [
    { name: "a chunk size that is none", response: `${CHUNKED_HEAD}5\r\nhello\r\nzz\r\n` },
    { name: "a chunk longer than it says", response: `${CHUNKED_HEAD}5\r\nhello, world\r\n` },
    { name: "malformed trailers", response: `${CHUNKED_HEAD}5\r\nhello\r\n0\r\nno colon\r\n\r\n` },
  ]) {
    it(`never makes a well-formed end of ${c.name}`, async () => {
      await using setup = await setUp((socket) => {
        onHeads(socket, () => {
          // The head first, so that the client has it.
          socket.write(c.response.slice(0, CHUNKED_HEAD.length));
          setImmediate(() => socket.write(c.response.slice(CHUNKED_HEAD.length)));
        });
      });
      await using client = new RawClient(setup.harness.port);
      client.send(GET);
      const { status, closedBy } = await outcomeOf(client, "GET");
      assert.ok(status === undefined || status === 502);
      assert.notEqual(closedBy === undefined && status === undefined, true);
      assert.equal(setup.harness.telemetry.count("failures", "response_incomplete"), 1);
    });
  }

  it("delivers what came of a response before it broke off", async () => {
    await using setup = await setUp((socket) => {
      onHeads(socket, () => {
        socket.write(`${CHUNKED_HEAD}5\r\nhello\r\n`, () => setImmediate(() => socket.resetAndDestroy()));
      });
    });
    await using client = new RawClient(setup.harness.port);
    client.send(GET);
    assert.match(await client.closed(), /\r\n\r\n5\r\nhello\r\n$/);
    assert.equal(client.closedBy, "end");
  });

  it("resets a client of HTTP/1.0, which could take the end for complete", async () => {
    await using setup = await setUp((socket) => {
      onHeads(socket, () => {
        socket.write(`${CHUNKED_HEAD}5\r\nhello\r\n`, () => setImmediate(() => socket.resetAndDestroy()));
      });
    });
    await using client = new RawClient(setup.harness.port);
    client.send("GET / HTTP/1.0\r\n\r\n");
    await client.closed();
    assert.equal(client.closedBy, "ECONNRESET");
  });
});

describe("an endpoint that says too much", () => {
  it("never has bytes behind a response reach the next client", async () => {
    const extra = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    await using setup = await setUp((socket) => onHeads(socket, () => socket.write(OK + extra)));
    for (let n = 0; n < 10; n++) {
      await using client = new RawClient(setup.harness.port);
      client.send(GET);
      assert.equal((await client.response()).body, "ok");
    }
    assert.equal(setup.server.sockets.length, 10);
  });

  for (const c of [
    { name: "a byte", extra: "x" },
    { name: "a whole response", extra: OK },
    { name: "an interim response", extra: "HTTP/1.1 100 Continue\r\n\r\n" },
  ]) {
    it(`loses a connection on which ${c.name} comes while it rests`, async () => {
      await using setup = await setUp((socket) => {
        onHeads(socket, () => socket.write(OK));
      });
      const { harness, server } = setup;
      await using client = new RawClient(harness.port);
      client.send(GET);
      assert.equal((await client.response()).body, "ok");
      server.sockets[0]?.write(c.extra);
      await eventually("the connection to be closed", () =>
        harness.telemetry.count("upstreamOpen") === 0 ? undefined : "open",
      );
      client.send(GET);
      assert.equal((await client.response()).body, "ok");
      assert.equal(server.sockets.length, 2);
    });
  }

  it("passes on several interim responses, not to HTTP/1.0", async () => {
    const interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n";
    await using setup = await setUp((socket) => onHeads(socket, () => socket.write(interim + OK)));
    await using client = new RawClient(setup.harness.port);
    client.send(GET);
    const response = await client.response();
    assert.deepEqual(response.interim, [103, 102]);
    assert.equal(response.body, "ok");
    await using old = new RawClient(setup.harness.port);
    old.send("GET / HTTP/1.0\r\n\r\n");
    assert.deepEqual((await old.response()).interim, []);
  });

  it("gives up on interim responses without end", async () => {
    await using setup = await setUp((socket) => {
      onHeads(socket, () => socket.write("HTTP/1.1 102 Processing\r\n\r\n".repeat(1_000)));
    });
    await using client = new RawClient(setup.harness.port);
    client.send(GET);
    assert.equal((await client.response()).status, 502);
  });

  it("has no body for HEAD, whatever the response says", async () => {
    await using setup = await setUp((socket) => {
      onHeads(socket, (head) => socket.write(head.startsWith("HEAD") ? LENGTH_HEAD : OK));
    });
    await using client = new RawClient(setup.harness.port);
    for (let n = 0; n < 3; n++) {
      client.send("HEAD / HTTP/1.1\r\nHost: web\r\n\r\n");
      const response = await client.response("HEAD");
      assert.equal(response.headers.get("content-length"), "12");
      client.send(GET);
      assert.equal((await client.response()).body, "ok");
    }
    assert.equal(setup.server.sockets.length, 1);
  });

  it("takes a body behind the response to HEAD for what it is", async () => {
    await using setup = await setUp((socket) => onHeads(socket, () => socket.write(OK)));
    for (let n = 0; n < 3; n++) {
      await using client = new RawClient(setup.harness.port);
      client.send("HEAD / HTTP/1.1\r\nHost: web\r\n\r\n");
      await client.response("HEAD");
      client.send(GET);
      assert.equal((await client.response()).body, "ok");
    }
  });
});

const POST_HEAD = "POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 1000000\r\n";

describe("an endpoint that answers early", () => {
  for (const c of [
    { name: "and reads on", after: (socket: net.Socket) => socket.resume() },
    { name: "and reads no more", after: (socket: net.Socket) => socket.pause() },
    { name: "and closes", after: (socket: net.Socket) => socket.end() },
  ]) {
    it(`${c.name}: the client gets the response, and the connection serves nobody else`, async () => {
      await using setup = await setUp((socket, index) => {
        onHeads(socket, () => {
          socket.write(index === 0 ? OK.replace("200 OK", "413 Content Too Large") : OK);
          if (index === 0) c.after(socket);
        });
      });
      const { harness, server } = setup;
      await using client = new RawClient(harness.port);
      client.send(`${POST_HEAD}\r\nfirst bytes`);
      const response = await client.response();
      assert.equal(response.status, 413);
      assert.equal(response.headers.get("connection"), "close");
      client.send(Buffer.alloc(1_000, "x"));
      await client.closed();
      await using next = new RawClient(harness.port);
      next.send(GET);
      assert.equal((await next.response()).status, 200);
      assert.equal(server.sockets.length, 2);
    });
  }

  it("ends a response that began before the request's end", async () => {
    const size = 300_000;
    await using setup = await setUp((socket) => {
      let got = 0;
      socket.on("data", (chunk: Buffer) => {
        if (got === 0) socket.write(CHUNKED_HEAD);
        got += chunk.length;
        socket.write(`1\r\nx\r\n`);
        if (got >= size) socket.write("0\r\n\r\n");
      });
    });
    await using client = new RawClient(setup.harness.port);
    const body = Buffer.alloc(size, "y");
    client.send(`POST / HTTP/1.1\r\nHost: web\r\nContent-Length: ${size}\r\n\r\n`);
    for (let at = 0; at < size; at += 30_000) {
      client.send(body.subarray(at, at + 30_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const response = await client.response();
    assert.match(response.body, /^x+$/);
    assert.equal(response.headers.get("connection"), "close");
  });
});

describe("Expect: 100-continue", () => {
  const expecting = "POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";

  it("passes 100 on, then the final response, and keeps both connections", async () => {
    await using setup = await setUp((socket) => {
      let pending = "";
      socket.on("data", (chunk) => {
        pending += chunk.toString("latin1");
        if (pending.endsWith("\r\n\r\n")) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
        if (pending.endsWith("hello")) {
          pending = "";
          socket.write(OK);
        }
      });
    });
    await using client = new RawClient(setup.harness.port);
    for (let n = 0; n < 3; n++) {
      client.send(expecting);
      await client.until((text) => text.endsWith("100 Continue\r\n\r\n"));
      client.send("hello");
      const response = await client.response();
      assert.deepEqual([response.interim, response.status], [[100], 200]);
    }
    assert.equal(setup.server.sockets.length, 1);
  });

  for (const status of ["417 Expectation Failed", "401 Unauthorized"]) {
    it(`passes ${status} on instead of 100, and ends the connection`, async () => {
      await using setup = await setUp(answering(OK.replace("200 OK", status)));
      await using client = new RawClient(setup.harness.port);
      client.send(expecting);
      const response = await client.response();
      assert.equal(response.status, Number(status.slice(0, 3)));
      assert.equal(response.headers.get("connection"), "close");
      await client.closed();
    });
  }

  it("does not wait for 100 when the body comes anyway", async () => {
    await using setup = await setUp(answering(OK));
    await using client = new RawClient(setup.harness.port);
    client.send(`${expecting}hello`);
    assert.equal((await client.response()).status, 200);
  });
});
