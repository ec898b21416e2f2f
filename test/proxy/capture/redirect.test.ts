import assert from "node:assert/strict";
import { type ReadOriginalDestination, startRedirectCapture } from "../../../src/proxy/capture/redirect.ts";
import {
  answering,
  type Harness,
  RawClient,
  SERVICE,
  startHarness,
  startRawServer,
} from "../../support/proxy-harness.ts";

const GET = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";

describe("redirect capture", () => {
  let proxy: Harness;
  const asked: (4 | 6)[] = [];
  const logged: string[] = [];

  /** A listener where the kernel says `original` of every connection. */
  const capture = (original: ReturnType<ReadOriginalDestination>, address = "127.0.0.1") =>
    startRedirectCapture(proxy.proxy, {
      listen: { address, port: 0 },
      readOriginalDestination: (fd, family) => {
        assert.ok(fd > 0);
        asked.push(family);
        return original;
      },
      log: { error: (message, { error }) => logged.push(`${message}: ${error}`) },
    });

  const ask = async (port: number): Promise<RawClient> => {
    const client = new RawClient(port);
    client.send(GET);
    await client.until((received) => received.includes("\r\n\r\n"));
    return client;
  };

  beforeEach(async () => {
    asked.length = 0;
    logged.length = 0;
    proxy = await startHarness({ backends: {} });
  });
  afterEach(() => proxy[Symbol.asyncDispose]());

  it("serves what the kernel says was going to a Service, and asks it once for each connection", async () => {
    await using server = await startRawServer(answering("HTTP/1.1 204 No Content\r\n\r\n"));
    proxy.configure({ backends: { "app/web:80": [server.port] } });
    await using listener = await capture({ kind: "found", ...SERVICE });
    await using client = await ask(listener.port);
    assert.match(client.received, /^HTTP\/1\.1 204 /);
    assert.deepEqual(asked, [4]);
  });

  it("takes the family from the client where the listener is one for both", async () => {
    await using listener = await capture({ kind: "not-redirected" }, "");
    await using client = await ask(listener.port);
    assert.equal(client.closedBy, "ECONNRESET");
    assert.deepEqual(asked, [4]);
  });

  it("passes on what was going elsewhere", async () => {
    await using server = await startRawServer(answering("HTTP/1.1 204 No Content\r\n\r\n"));
    await using listener = await capture({ kind: "found", address: "127.0.0.1", port: server.port });
    await using client = await ask(listener.port);
    assert.match(client.received, /^HTTP\/1\.1 204 /);
    assert.equal(proxy.telemetry.count("passthrough", "unknown_destination"), 1);
  });

  it("serves a Service on the listener's own port", async () => {
    await using server = await startRawServer(answering("HTTP/1.1 204 No Content\r\n\r\n"));
    await using probe = await capture({ kind: "not-redirected" });
    const { port } = probe;
    await probe[Symbol.asyncDispose]();
    proxy.configure({ frontend: { port }, backends: { "app/web:80": [server.port] } });
    await using listener = await startRedirectCapture(proxy.proxy, {
      listen: { address: "127.0.0.1", port },
      readOriginalDestination: () => ({ kind: "found", address: SERVICE.address, port }),
      log: { error: () => undefined },
    });
    await using client = await ask(listener.port);
    assert.match(client.received, /^HTTP\/1\.1 204 /);
  });

  const refused = [
    { name: "was not redirected", original: { kind: "not-redirected" }, reason: "loop", logs: [] },
    {
      name: "has a destination that can't be told",
      original: { kind: "failed", message: "errno 9" },
      reason: "unreadable_destination",
      logs: ["the destination of a connection can't be told: errno 9"],
    },
  ] as const;
  for (const { name, original, reason, logs } of refused) {
    it(`refuses what ${name}`, async () => {
      await using listener = await capture(original);
      await using client = await ask(listener.port);
      assert.equal(client.closedBy, "ECONNRESET");
      assert.equal(client.received, "");
      assert.equal(proxy.telemetry.count("passthrough", reason), 1);
      assert.deepEqual(logged, logs);
    });
  }
});
