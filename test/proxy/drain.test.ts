import assert from "node:assert/strict";
import type net from "node:net";
import {
  answering,
  eventually,
  type Harness,
  type HarnessOptions,
  RawClient,
  type RawServer,
  startHarness,
  startRawServer,
} from "../support/proxy-harness.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";
const IDLE_MS = 30;

interface Setup extends AsyncDisposable {
  readonly server: RawServer;
  readonly harness: Harness;
}

async function setUp(
  onConnection: (socket: net.Socket, index: number) => void,
  options: HarnessOptions = {},
): Promise<Setup> {
  const server = await startRawServer(onConnection);
  const harness = await startHarness({
    backends: { "app/web:80": [server.port] },
    limits: { drainIdleMs: IDLE_MS },
    ...options,
  });
  return {
    server,
    harness,
    [Symbol.asyncDispose]: async () => {
      await harness[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

describe("a drain", () => {
  it("ends at once where nothing is under way, after the idle time", async () => {
    await using setup = await setUp(answering(OK));
    const startedMs = performance.now();
    assert.equal(await setup.harness.proxy.drain(10_000), true);
    assert.ok(performance.now() - startedMs >= IDLE_MS);
  });

  it("does not wait for connections at rest", async () => {
    await using setup = await setUp(answering(OK));
    await using client = new RawClient(setup.harness.port);
    client.send(GET);
    await client.response();
    assert.equal(await setup.harness.proxy.drain(10_000), true);
  });

  it("serves requests of old and new connections, and ends those", async () => {
    await using setup = await setUp(answering(OK), { limits: { drainIdleMs: 200 } });
    const { harness } = setup;
    await using old = new RawClient(harness.port);
    old.send(GET);
    assert.equal((await old.response()).headers.get("connection"), undefined);
    const drained = harness.proxy.drain(10_000);
    for (const client of [old, new RawClient(harness.port)]) {
      client.send(GET);
      const response = await client.response();
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("connection"), "close");
      assert.equal(await client.closed(), "");
    }
    assert.equal(await drained, true);
  });

  it("answers failures with an end of the connection, too", async () => {
    await using setup = await setUp(answering(OK), { backends: { "app/web:80": [] } });
    const drained = setup.harness.proxy.drain(10_000);
    await using client = new RawClient(setup.harness.port);
    client.send(GET);
    const response = await client.response();
    assert.deepEqual([response.status, response.headers.get("connection")], [503, "close"]);
    await client.closed();
    assert.equal(await drained, true);
  });

  it("waits for a request that is under way", async () => {
    let answer = (): void => undefined;
    await using setup = await setUp((socket) => {
      socket.once("data", () => {
        answer = () => socket.write(OK);
      });
    });
    const { harness } = setup;
    await using client = new RawClient(harness.port);
    client.send(GET);
    await harness.busy();
    let isOver = false;
    const drained = harness.proxy.drain(10_000).then((isClean) => {
      isOver = true;
      return isClean;
    });
    await new Promise((resolve) => setTimeout(resolve, 3 * IDLE_MS));
    assert.equal(isOver, false);
    answer();
    assert.equal((await client.response()).status, 200);
    assert.equal(await drained, true);
  });

  for (const c of [
    { name: "a request", options: {}, first: GET },
    { name: "an opaque connection", options: { frontend: { protocol: "opaque" } } as const, first: "hello" },
  ]) {
    it(`gives up when the limit is over before ${c.name} is`, async () => {
      await using setup = await setUp((socket) => socket.resume().on("end", () => socket.end()), c.options);
      await using client = new RawClient(setup.harness.port);
      client.send(c.first);
      await setup.harness.busy();
      assert.equal(await setup.harness.proxy.drain(50), false);
      client.socket.resetAndDestroy();
    });
  }

  it("is done when a tunnel that it waits for has ended", async () => {
    await using setup = await setUp((socket) => socket.resume().on("end", () => socket.end()), {
      frontend: { protocol: "opaque" },
      limits: { drainIdleMs: IDLE_MS },
    });
    await using client = new RawClient(setup.harness.port);
    client.send("hello");
    await setup.harness.busy();
    await eventually("the endpoint", () => (setup.server.sockets.length > 0 ? undefined : "none"));
    const drained = setup.harness.proxy.drain(10_000);
    client.socket.end();
    assert.equal(await drained, true);
  });

  it("is not done while requests keep coming", async () => {
    await using setup = await setUp(answering(OK), { limits: { drainIdleMs: 1_000 } });
    const { harness } = setup;
    let isOver = false;
    const drained = harness.proxy.drain(10_000).then((isClean) => {
      isOver = true;
      return isClean;
    });
    for (let n = 0; n < 10; n++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await using client = new RawClient(harness.port);
      client.send(GET);
      await client.response();
      assert.equal(isOver, false);
    }
    assert.equal(await drained, true);
  });
});
