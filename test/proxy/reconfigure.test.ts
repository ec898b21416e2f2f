import assert from "node:assert/strict";
import {
  answering,
  eventually,
  type HarnessOptions,
  RawClient,
  startHarness,
  startRawServer,
} from "../support/proxy-harness.ts";

const GET = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";
const BACKEND = "app/web:80";

function saying(text: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
}

function routeTo(name: string): NonNullable<HarnessOptions["rules"]> {
  return [{ backends: [{ target: { kind: "Backend", name }, weight: 1, filters: [] }] }];
}

describe("a change of configuration", () => {
  it("is what the next request of an open connection sees, and not the one under way", async () => {
    let answer = (): void => undefined;
    await using one = await startRawServer((socket) => {
      socket.on("data", () => {
        answer = () => socket.write(saying("one"));
      });
    });
    await using two = await startRawServer(answering(saying("two")));
    const backends = { [BACKEND]: [one.port], "app/two:80": [two.port] };
    await using harness = await startHarness({ backends });
    await using client = new RawClient(harness.port);
    client.send(GET + GET);
    await harness.busy();
    await eventually("the request", () => (one.sockets.length > 0 ? undefined : "none"));
    harness.configure({ backends, rules: routeTo("app/two:80") });
    for (let n = 0; n < 10; n++) await new Promise((resolve) => setImmediate(resolve));
    answer();
    assert.equal((await client.response()).body, "one");
    assert.equal((await client.response()).body, "two");
  });

  it("closes idle connections to endpoints that are gone, and lets those that are used end", async () => {
    let answer = (): void => undefined;
    await using old = await startRawServer((socket, index) => {
      if (index === 0) answering(saying("idle"))(socket);
      else {
        socket.on("data", () => {
          answer = () => socket.write(saying("late"));
        });
      }
    });
    await using next = await startRawServer(answering(saying("new")));
    await using harness = await startHarness({ backends: { [BACKEND]: [old.port] } });
    await using first = new RawClient(harness.port);
    await using second = new RawClient(harness.port);
    first.send(GET);
    assert.equal((await first.response()).body, "idle");
    first.socket.pause();
    await using third = new RawClient(harness.port);
    // The idle connection is taken, so that the next request opens another one.
    third.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 1\r\n\r\n");
    await eventually("the POST", () => (harness.proxy.activity.busy === 1 ? undefined : "not yet"));
    second.send(GET);
    await eventually("two connections", () => (old.sockets.length === 2 ? undefined : "not yet"));
    third.socket.resetAndDestroy();
    await eventually("the POST to end", () => (harness.proxy.activity.busy === 1 ? undefined : "not yet"));
    harness.configure({ backends: { [BACKEND]: [next.port] } });
    await eventually("the connection's end", () =>
      harness.telemetry.count("upstreamOpen") <= 1 ? undefined : "open",
    );
    await eventually("the answer", () => (answer.toString().includes("late") ? undefined : "none"));
    answer();
    assert.equal((await second.response()).body, "late");
    second.send(GET);
    assert.equal((await second.response()).body, "new");
    await eventually("the old one's end", () =>
      harness.telemetry.count("upstreamOpen") === 1 ? undefined : "open",
    );
  });

  it("keeps connections to endpoints that stay", async () => {
    await using server = await startRawServer(answering(saying("ok")));
    await using other = await startRawServer(answering(saying("ok")));
    await using harness = await startHarness({ backends: { [BACKEND]: [server.port] } });
    await using client = new RawClient(harness.port);
    client.send(GET);
    await client.response();
    for (const ports of [
      [server.port, other.port],
      [server.port],
      [server.port, other.port],
      [server.port],
    ]) {
      harness.configure({ backends: { [BACKEND]: ports } });
    }
    client.send(GET);
    await client.response();
    assert.equal(server.sockets.length, 1);
  });

  it("ends connections to a Service that is gone with their next response", async () => {
    await using server = await startRawServer(answering(saying("ok")));
    const backends = { [BACKEND]: [server.port] };
    await using harness = await startHarness({ backends });
    await using client = new RawClient(harness.port);
    client.send(GET);
    await client.response();
    harness.configure({ frontend: { address: "10.96.0.9" }, backends });
    client.send(GET);
    const response = await client.response();
    assert.deepEqual([response.status, response.headers.get("connection")], [200, "close"]);
    await client.closed();
    await using late = new RawClient(harness.port);
    await late.closed();
    assert.equal(late.closedBy, "ECONNRESET");
  });

  it("answers 503 for a backend that is gone with its Service, then serves it when it is back", async () => {
    await using server = await startRawServer(answering(saying("ok")));
    const backends = { [BACKEND]: [server.port] };
    await using harness = await startHarness({ backends });
    await using client = new RawClient(harness.port);
    harness.configure({ backends: {} });
    client.send(GET);
    const response = await client.response();
    assert.equal(response.status, 503);
    assert.match(response.headers.get("proxy-status") ?? "", /error=destination_unavailable;/);
    harness.configure({ backends });
    client.send(GET);
    assert.equal((await client.response()).status, 200);
  });

  it("loses no request while endpoints and routes change all the time", async () => {
    const words = ["a", "b", "c"];
    await using one = await startRawServer(answering(saying("a")));
    await using two = await startRawServer(answering(saying("b")));
    await using three = await startRawServer(answering(saying("c")));
    const ports = [one.port, two.port, three.port];
    await using harness = await startHarness({ backends: { [BACKEND]: ports } });
    let round = 0;
    const change = (): void => {
      round++;
      const some = ports.filter((_, index) => index !== round % 4);
      harness.configure({
        backends: { [BACKEND]: some, "app/two:80": ports },
        ...(round % 3 === 0 ? { rules: routeTo("app/two:80") } : {}),
      });
    };
    const clients = Array.from({ length: 8 }, () => new RawClient(harness.port));
    await Promise.all(
      clients.map(async (client) => {
        for (let n = 0; n < 150; n++) {
          client.send(GET);
          if (n % 3 === 0) change();
          const response = await client.response();
          assert.equal(response.status, 200);
          assert.ok(words.includes(response.body));
        }
        client.socket.destroy();
      }),
    );
    assert.equal(harness.telemetry.count("failures"), 0);
  });
});
