import assert from "node:assert/strict";
import { answering, closedPort, RawClient, startHarness, startRawServer } from "../support/proxy-harness.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";

describe("an HTTP/1.1 exchange", () => {
  it("forwards a request to an endpoint and its response back", async () => {
    let seen = "";
    await using server = await startRawServer((socket) => {
      socket.on("data", (chunk) => {
        seen += chunk.toString("latin1");
      });
      answering(OK)(socket);
    });
    await using harness = await startHarness({ backends: { "app/web:80": [server.port] } });
    await using client = new RawClient(harness.port);
    client.send(GET);
    assert.equal(await client.until((text) => text.endsWith("ok")), OK);
    assert.equal(seen, GET);
    assert.equal(harness.telemetry.count("requests", 200), 1);
  });

  it("serves requests one after the other on one connection, and reuses the upstream's", async () => {
    await using server = await startRawServer(answering(OK));
    await using harness = await startHarness({ backends: { "app/web:80": [server.port] } });
    await using client = new RawClient(harness.port);
    for (let n = 1; n <= 10; n++) {
      client.send(GET);
      assert.equal(await client.until((text) => text.length >= n * OK.length), OK.repeat(n));
    }
    assert.equal(server.sockets.length, 1);
  });

  it("answers pipelined requests in order", async () => {
    await using server = await startRawServer(answering(OK));
    await using harness = await startHarness({ backends: { "app/web:80": [server.port] } });
    await using client = new RawClient(harness.port);
    client.send(GET.repeat(50));
    assert.equal(await client.until((text) => text.length >= 50 * OK.length), OK.repeat(50));
    assert.equal(server.sockets.length, 1);
  });

  it("goes on to another endpoint when one refuses", async () => {
    await using server = await startRawServer(answering(OK));
    const refused = await closedPort();
    await using harness = await startHarness({ backends: { "app/web:80": [refused, server.port] } });
    await using client = new RawClient(harness.port);
    for (let n = 1; n <= 20; n++) {
      client.send(GET);
      assert.equal(await client.until((text) => text.length >= n * OK.length), OK.repeat(n));
    }
  });

  it("answers 503 when every endpoint refuses", async () => {
    const refused = [await closedPort(), await closedPort()];
    await using harness = await startHarness({ backends: { "app/web:80": refused } });
    await using client = new RawClient(harness.port);
    client.send(GET);
    const text = await client.until((received) => received.includes("ECONNREFUSED\n"));
    assert.match(
      text,
      /^HTTP\/1\.1 503 Service Unavailable\r\nProxy-Status: eastbound; error=connection_refused;/,
    );
  });

  it("names the address dialled to an endpoint where an HTTP/1.0 client names no host", async () => {
    let seen = "";
    await using server = await startRawServer((socket) => {
      socket.on("data", (chunk) => {
        seen += chunk.toString("latin1");
      });
      answering(OK)(socket);
    });
    await using harness = await startHarness({ backends: { "app/web:80": [server.port] } });
    await using client = new RawClient(harness.port);
    client.send("GET /old HTTP/1.0\r\n\r\n");
    assert.match(await client.closed(), /ok$/);
    assert.equal(seen, "GET /old HTTP/1.1\r\nHost: 10.96.0.1\r\n\r\n");
  });
});
