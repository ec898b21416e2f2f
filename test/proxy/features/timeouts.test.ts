import assert from "node:assert/strict";
import type { RawClient } from "../../support/proxy-harness.ts";
import {
  answeringStatuses,
  answerOf,
  type RawPeer,
  type Respond,
  Routed,
  readAnswer,
  requestText,
  SILENT,
  saying,
  valuesOf,
} from "../../support/routed.ts";
import { startStuckListener } from "../../support/stuck-listener.ts";

/** Answers after a while. */
function after(delayMs: number, respond: Respond): Respond {
  return (seen, response) => {
    setTimeout(() => {
      respond(seen, response);
    }, delayMs);
  };
}

/** Sends these bytes for a request, and nothing more. */
function stalling(bytes: string): RawPeer {
  return {
    raw: (socket) => {
      socket.once("data", () => socket.write(bytes, "latin1"));
    },
  };
}

async function timed(routed: Routed, request = requestText("GET", "/")) {
  const startedMs = performance.now();
  const answer = await routed.send(request);
  return { answer, tookMs: performance.now() - startedMs };
}

describe("timeouts.request", () => {
  it("answers 504 when the backend is silent, on a connection that goes on", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": [SILENT] },
      rules: [{ timeouts: { requestMs: 50 } }],
    });
    const client = routed.client();
    const startedMs = performance.now();
    const answer = await answerOf(client, requestText("GET", "/"));
    assert.ok(performance.now() - startedMs >= 50);
    assert.equal(answer.status, 504);
    assert.match(valuesOf(answer, "proxy-status")[0] ?? "", /^eastbound; error=http_response_timeout;/);
    assert.deepEqual(valuesOf(answer, "connection"), []);
    assert.equal((await answerOf(client, requestText("GET", "/"))).status, 504);
    assert.equal(routed.harness.telemetry.count("failures", "timeout"), 2);
    // The connection of a request that was given up is not used again: its response may still come.
    assert.equal(routed.connections(), 2);
  });

  const unlimited = [
    { name: "none", timeouts: {}, status: 200 },
    { name: "a longer one", timeouts: { requestMs: 5_000 }, status: 200 },
    { name: "a shorter one", timeouts: { requestMs: 40 }, status: 504 },
  ];
  for (const c of unlimited) {
    it(`${c.name}: ${c.status} for a backend that takes 150 ms`, async () => {
      await using routed = await Routed.start({
        backends: { "app/web:80": [after(150, saying("late"))] },
        rules: [{ timeouts: c.timeouts }],
      });
      assert.equal((await routed.get("/")).status, c.status);
    });
  }

  it("covers all tries and the waits between them", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": [after(30, answeringStatuses(500))] },
      rules: [{ timeouts: { requestMs: 400 }, retry: { codes: [500], attempts: 50, backoffMs: 10 } }],
    });
    const { answer, tookMs } = await timed(routed);
    assert.equal(answer.status, 504);
    assert.ok(tookMs >= 400 && tookMs < 3_000, `${tookMs} ms`);
    assert.ok(routed.seen().length > 1);
  });

  it("covers the time in which a connection is established", async () => {
    await using stuck = await startStuckListener();
    await using routed = await Routed.start({
      backends: { "app/web:80": [stuck.port] },
      rules: [{ timeouts: { requestMs: 60 } }],
      limits: { connectTimeoutMs: 60_000 },
    });
    const { answer, tookMs } = await timed(routed);
    assert.equal(answer.status, 504);
    assert.ok(tookMs < 5_000, `${tookMs} ms`);
  });

  it("covers the time in which the client sends the body", async () => {
    await using routed = await Routed.start({ rules: [{ timeouts: { requestMs: 60 } }] });
    const client = routed.client();
    client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 10\r\n\r\n01234");
    const answer = await readAnswer(client, 0);
    assert.equal(answer.status, 504);
    // The rest of the body is still welcome, and dropped.
    assert.deepEqual(valuesOf(answer, "connection"), []);
    const from = client.received.length;
    client.send("56789");
    client.send(requestText("GET", "/"));
    assert.equal((await readAnswer(client, from)).body, "web");
    assert.deepEqual(
      routed.seen().map(({ method }) => method),
      ["GET"],
    );
  });
});

describe("a timeout inside a response", () => {
  const heads = [
    { name: "of known length", bytes: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234", version: "1.1" },
    {
      name: "in chunks",
      bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n",
      version: "1.1",
    },
    { name: "that the connection ends", bytes: "HTTP/1.1 200 OK\r\n\r\n01234", version: "1.1" },
    {
      name: "in chunks, to an HTTP/1.0 client",
      bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n",
      version: "1.0",
    },
  ];
  // Long enough for the response to have begun before, on a busy machine too.
  const timeouts = [
    { name: "request", timeouts: { requestMs: 500 } },
    { name: "backendRequest", timeouts: { backendRequestMs: 500 } },
  ];
  for (const head of heads) {
    for (const timeout of timeouts) {
      it(`${head.name} breaks the connection (timeouts.${timeout.name})`, async () => {
        await using routed = await Routed.start({
          backends: { "app/web:80": [stalling(head.bytes)] },
          rules: [{ timeouts: timeout.timeouts, retry: { codes: [500], attempts: 3 } }],
        });
        const client = routed.client();
        client.send(`GET / HTTP/${head.version}\r\nHost: web\r\n\r\n`);
        const text = await client.closed();
        assertIncomplete(text, client);
        const { telemetry, log } = routed.harness;
        assert.equal(telemetry.count("failures", "timeout"), 1);
        assert.deepEqual(
          log.map(({ status, failure, tries, bytesSent }) => [status, failure, tries, bytesSent]),
          [[200, "timeout", 1, 5]],
        );
      });
    }
  }
});

/** By its framing the response is not whole, or the connection was reset. */
function assertIncomplete(text: string, client: RawClient): void {
  const isFramed = /content-length: 10|transfer-encoding: chunked/i.test(text);
  const isWhole = text.endsWith("\r\n0\r\n\r\n") || text.endsWith("0123456789");
  assert.ok(isFramed ? !isWhole : client.closedBy === "ECONNRESET", `${client.closedBy}: ${text}`);
}

describe("timeouts.backendRequest", () => {
  it("answers 504 when the only try takes too long", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": [SILENT] },
      rules: [{ timeouts: { backendRequestMs: 50 } }],
    });
    const { answer, tookMs } = await timed(routed);
    assert.equal(answer.status, 504);
    assert.ok(tookMs >= 50);
    assert.match(answer.body, /^127\.0\.0\.1:\d+ did not answer within timeouts\.backendRequest\n$/);
  });

  it("lets a retry go to another endpoint, whatever codes are listed", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": [SILENT, SILENT, saying("third")] },
      rules: [{ timeouts: { backendRequestMs: 150 }, retry: { codes: [], attempts: 2, backoffMs: 1 } }],
    });
    const answer = await routed.send(requestText("POST", "/", [], "body"));
    assert.equal(answer.body, "third");
    assert.deepEqual(
      routed.seen().map(({ body }) => body),
      Array.from({ length: routed.seen().length }, () => "body"),
    );
    const retries = routed.harness.telemetry.count("resends", "retry_timeout");
    assert.equal(routed.seen().length, retries + 1);
  });

  it("answers 504 when the retries take too long, too", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": [SILENT] },
      rules: [
        {
          timeouts: { backendRequestMs: 30, requestMs: 5_000 },
          retry: { codes: [500], attempts: 3, backoffMs: 1 },
        },
      ],
    });
    assert.equal((await routed.get("/")).status, 504);
    // On a busy machine a try may be over before the endpoint has seen anything of it.
    assert.equal(routed.harness.telemetry.count("resends", "retry_timeout"), 3);
  });

  it("is met by slow tries that keep within it", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": [after(30, answeringStatuses(500, 500, 200))] },
      rules: [{ timeouts: { backendRequestMs: 500 }, retry: { codes: [500], attempts: 3, backoffMs: 30 } }],
    });
    assert.equal((await routed.get("/")).status, 200);
  });

  it("covers connecting: a stuck endpoint costs one try of that length", async () => {
    await using stuck = await startStuckListener();
    await using routed = await Routed.start({
      backends: { "app/web:80": [stuck.port, saying("web")] },
      rules: [{ timeouts: { backendRequestMs: 400 } }],
      limits: { connectTimeoutMs: 60_000 },
    });
    for (let n = 0; n < 10; n++) {
      const { answer, tookMs } = await timed(routed);
      assert.equal(answer.body, "web");
      assert.ok(tookMs < 5_000, `${tookMs} ms`);
    }
  });

  it("is 504 when only stuck endpoints are left", async () => {
    await using stuck = await startStuckListener();
    await using routed = await Routed.start({
      backends: { "app/web:80": [stuck.port] },
      rules: [{ timeouts: { backendRequestMs: 50 } }],
    });
    assert.equal((await routed.get("/")).status, 504);
  });
});
