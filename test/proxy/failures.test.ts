import assert from "node:assert/strict";
import type net from "node:net";
import { FAILURES, type FailureKind } from "../../src/proxy/failure.ts";
import { startDeafServer } from "../support/deaf-server.ts";
import {
  answering,
  closedPort,
  endpointAt,
  type HarnessOptions,
  RawClient,
  startHarness,
  startRawServer,
} from "../support/proxy-harness.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const BACKEND = "app/web:80";
const ONE_RULE = [{}];

type Behaviour = (socket: net.Socket) => void;

interface Case {
  readonly kind: FailureKind;
  readonly name: string;
  /** What the connections of a new endpoint do; without it none is asked. */
  readonly server?: () => Behaviour;
  readonly options?: HarnessOptions;
  /** Field lines and body of the request, for other than a plain one. */
  readonly fields?: string;
  readonly body?: string;
  /** In place of the whole request. */
  readonly raw?: string;
  readonly details?: RegExp;
}

/** Answers once with these bytes, then as a good server does. */
function once(bytes: string, andThen?: Behaviour): () => Behaviour {
  return () => {
    let isFirst = true;
    return (socket) => {
      if (!isFirst) {
        answering(OK)(socket);
        return;
      }
      socket.once("data", () => {
        isFirst = false;
        socket.write(bytes, "latin1");
        andThen?.(socket);
      });
    };
  };
}

const SILENT = (): Behaviour => () => undefined;

const UNROUTABLE = { ...endpointAt(80), address: "255.255.255.255" };
const CASES: readonly Case[] = [
  { kind: "request_malformed", name: "a field line without colon", fields: "Nonsense\r\n" },
  { kind: "request_malformed", name: "two lengths", fields: "Content-Length: 1\r\nContent-Length: 2\r\n" },
  { kind: "request_head_too_large", name: "a head too large", fields: `A: ${"a".repeat(70_000)}\r\n` },
  { kind: "request_not_supported", name: "CONNECT", raw: "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n" },
  {
    kind: "request_too_slow",
    name: "half a head and no more",
    raw: "GET / HTTP/1.1\r\nHost:",
    options: { limits: { headTimeoutMs: 20 } },
  },
  {
    kind: "request_too_slow",
    name: "half a method and no more",
    raw: "GE",
    options: { limits: { headTimeoutMs: 20 } },
  },
  {
    kind: "request_too_slow",
    name: "half a body and no more",
    fields: "Content-Length: 10\r\n",
    body: "12345",
    server: SILENT,
    options: { limits: { bodyStallTimeoutMs: 20 } },
  },
  {
    kind: "no_route",
    name: "no rule that matches",
    options: {
      rules: [{ matches: [{ path: { kind: "Exact", value: "/other" }, headers: [], queryParams: [] }] }],
    },
  },
  {
    kind: "backend_invalid",
    name: "a backend that can't be resolved",
    options: {
      rules: [
        {
          backends: [
            {
              target: { kind: "Invalid", reason: "BackendNotFound", message: "no such Service" },
              weight: 1,
              filters: [],
            },
          ],
        },
      ],
    },
  },
  {
    kind: "backend_invalid",
    name: "all weights zero",
    options: {
      rules: [{ backends: [{ target: { kind: "Backend", name: BACKEND }, weight: 0, filters: [] }] }],
    },
  },
  {
    kind: "backend_invalid",
    name: "a backend that takes HTTP/2 only",
    options: { backendFields: { protocol: "http2" } },
  },
  { kind: "no_endpoint", name: "no endpoint", options: { backends: { [BACKEND]: [] } } },
  {
    kind: "connection_unroutable",
    name: "an endpoint without a route to it",
    options: { backendFields: { endpoints: [UNROUTABLE] } },
  },
  {
    kind: "upstream_closed",
    name: "a connection closed before a byte",
    server: once("", (socket) => socket.end()),
  },
  {
    kind: "upstream_closed",
    name: "a connection reset before a byte",
    server: once("", (socket) => socket.resetAndDestroy()),
  },
  {
    kind: "upstream_closed",
    name: "a connection closed inside the head",
    server: once("HTTP/1.1 200 OK\r\nConte", (socket) => socket.end()),
  },
  {
    kind: "upstream_closed",
    name: "a connection reset inside the head",
    server: once("HTTP/1.1 200 OK\r\nConte", (socket) => socket.resetAndDestroy()),
  },
  {
    kind: "upstream_closed",
    name: "a connection closed after an interim response",
    server: once("HTTP/1.1 103 Early Hints\r\n\r\n", (socket) => socket.end()),
  },
  { kind: "response_malformed", name: "no HTTP", server: once("220 smtp ready\r\n") },
  {
    kind: "response_malformed",
    name: "101 that nobody asked for",
    server: once("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
  },
  {
    kind: "response_malformed",
    name: "framing in doubt",
    server: once("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n1"),
  },
  {
    kind: "response_head_too_large",
    name: "a response head too large",
    server: once(`HTTP/1.1 200 OK\r\nA: ${"a".repeat(70_000)}\r\n\r\n`),
  },
  {
    kind: "timeout",
    name: "no response within the request's time",
    server: SILENT,
    options: { rules: [{ timeouts: { requestMs: 20 } }] },
  },
  {
    kind: "timeout",
    name: "no response within the try's time",
    server: SILENT,
    options: { rules: [{ timeouts: { backendRequestMs: 20 } }] },
  },
  {
    kind: "overload",
    name: "too many requests under way to the endpoint",
    server: () => answering(OK),
    options: { limits: { pendingPerEndpoint: 0 } },
  },
];

interface Variant {
  readonly name: string;
  readonly method: string;
  readonly version: string;
}

const VARIANTS: readonly Variant[] = [
  { name: "GET", method: "GET", version: "1.1" },
  { name: "HEAD", method: "HEAD", version: "1.1" },
  { name: "POST", method: "POST", version: "1.1" },
  { name: "GET of HTTP/1.0", method: "GET", version: "1.0" },
];

function requestOf(c: Case, { method, version }: Variant): string {
  if (c.raw !== undefined) return c.raw;
  return `${method} / HTTP/${version}\r\nHost: web\r\n${c.fields ?? ""}\r\n${c.body ?? ""}`;
}

/** The client gave up on the request before it was understood: nobody knows that it is HEAD. */
const UNREAD: ReadonlySet<FailureKind> = new Set([
  "request_malformed",
  "request_head_too_large",
  "request_not_supported",
]);

async function proveAnswer(c: Case, variant: Variant): Promise<void> {
  await using server = await startRawServer((c.server ?? SILENT)());
  await using harness = await startHarness({ backends: { [BACKEND]: [server.port] }, ...c.options });
  await using client = new RawClient(harness.port);
  client.send(requestOf(c, variant));
  const { status, proxyError, closes, retryAfterSeconds } = FAILURES[c.kind];
  const isRead = !UNREAD.has(c.kind) && c.raw === undefined;
  const response = await client.response(isRead ? variant.method : "GET");
  assert.equal(response.status, status);
  const proxyStatus = response.headers.get("proxy-status") ?? "";
  assert.match(proxyStatus, /^eastbound; error=[a-z_]+; details="[^"]+"$/);
  assert.ok(proxyStatus.includes(`error=${proxyError};`), proxyStatus);
  assert.equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
  assert.equal(
    response.headers.get("retry-after"),
    retryAfterSeconds === undefined ? undefined : String(retryAfterSeconds),
  );
  assert.equal(response.body === "", isRead && variant.method === "HEAD");
  assert.equal(harness.telemetry.count("failures", c.kind), 1);
  assert.equal(harness.telemetry.count("requests", status), 1);
  const ends = closes || variant.version === "1.0";
  assert.equal(response.headers.get("connection"), ends ? "close" : undefined);
  const again = "GET /again HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n";
  client.send(ends ? "" : again);
  const rest = await client.closed();
  assert.match(rest, ends ? /^$/ : /^HTTP\/1\.1 /);
}

describe("the table of failures", () => {
  for (const c of CASES) {
    for (const variant of VARIANTS.filter(({ name }) => c.raw === undefined || name === "GET")) {
      it(`${c.kind}: ${c.name}, ${variant.name}`, () => proveAnswer(c, variant));
    }
  }

  it("request_body_malformed: a chunk size that is none", async () => {
    await using server = await startRawServer(() => undefined);
    await using harness = await startHarness({ backends: { [BACKEND]: [server.port] } });
    await using client = new RawClient(harness.port);
    client.send("POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzzz\r\n");
    const response = await client.response();
    assert.equal(response.status, 400);
    assert.equal(await client.closed(), "");
    assert.equal(harness.telemetry.count("failures", "request_body_malformed"), 1);
  });

  it("request_not_supported: a transfer coding that nobody knows", async () => {
    await using harness = await startHarness({ backends: { [BACKEND]: [1] } });
    await using client = new RawClient(harness.port);
    client.send("POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: gzip, chunked\r\n\r\n");
    assert.equal((await client.response()).status, 501);
    assert.equal(await client.closed(), "");
    assert.equal(harness.telemetry.count("failures", "request_not_supported"), 1);
  });

  it("connection_refused: every endpoint refuses", async () => {
    const ports = [await closedPort(), await closedPort(), await closedPort()];
    await using harness = await startHarness({ backends: { [BACKEND]: ports } });
    await using client = new RawClient(harness.port);
    client.send("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
    const response = await client.response();
    assert.equal(response.status, 503);
    assert.equal(harness.telemetry.count("failures", "connection_refused"), 1);
    assert.equal(harness.telemetry.count("resends", "connect_failure"), 2);
    assert.equal(harness.telemetry.count("connectFailures"), 3);
    client.send("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
    assert.equal((await client.response()).status, 503);
  });

  it("connection_timeout: an endpoint does not answer the connect", async () => {
    await using deaf = await startDeafServer();
    await using harness = await startHarness({
      backends: { [BACKEND]: [deaf.port] },
      limits: { connectTimeoutMs: 30 },
    });
    await using client = new RawClient(harness.port);
    client.send("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
    const response = await client.response();
    assert.equal(response.status, 503);
    assert.match(response.headers.get("proxy-status") ?? "", /error=connection_timeout;/);
    assert.equal(harness.telemetry.count("failures", "connection_timeout"), 1);
  });

  it("goes on to another endpoint when one does not answer the connect", async () => {
    await using deaf = await startDeafServer();
    await using server = await startRawServer(answering(OK));
    await using harness = await startHarness({
      backends: { [BACKEND]: [deaf.port, server.port] },
      limits: { connectTimeoutMs: 300 },
    });
    for (let n = 0; n < 4; n++) {
      await using client = new RawClient(harness.port);
      client.send("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
      assert.equal((await client.response()).status, 200);
    }
  });

  it("overload: too many connections", async () => {
    await using server = await startRawServer(answering(OK));
    await using harness = await startHarness({
      backends: { [BACKEND]: [server.port] },
      limits: { maxConnections: 1 },
    });
    await using first = new RawClient(harness.port);
    first.send("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
    await first.response();
    await using second = new RawClient(harness.port);
    second.send("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
    const response = await second.response();
    assert.equal(response.status, 503);
    assert.equal(response.headers.get("retry-after"), "1");
    assert.equal(response.headers.get("connection"), "close");
    await second.closed();
    assert.equal(harness.telemetry.count("failures", "overload"), 1);
    first.send("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
    assert.equal((await first.response()).status, 200);
  });

  it("internal: an exception in the handling of a request costs that request and nothing else", async () => {
    await using server = await startRawServer(answering(OK));
    let isBroken = true;
    await using harness = await startHarness({
      backends: { [BACKEND]: [server.port] },
      rules: ONE_RULE,
      random: () => {
        if (isBroken) throw new Error("no randomness left");
        return 0.5;
      },
    });
    await using client = new RawClient(harness.port);
    client.send("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
    const response = await client.response();
    assert.equal(response.status, 500);
    assert.match(response.headers.get("proxy-status") ?? "", /error=proxy_internal_error;/);
    await client.closed();
    assert.equal(harness.telemetry.count("failures", "internal"), 1);
    assert.equal(harness.defects.splice(0).length, 1);
    isBroken = false;
    await using next = new RawClient(harness.port);
    next.send("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
    assert.equal((await next.response()).status, 200);
  });

  it("internal: an exception in the books costs nothing but an entry in them", async () => {
    await using server = await startRawServer(answering(OK));
    await using harness = await startHarness({
      backends: { [BACKEND]: [server.port] },
      onLogged: ({ path }) => {
        if (path === "/broken") throw new Error("no ink left");
      },
    });
    await using client = new RawClient(harness.port);
    for (const path of ["/", "/broken", "/", "/broken", "/"]) {
      client.send(`GET ${path} HTTP/1.1\r\nHost: web\r\n\r\n`);
      assert.equal((await client.response()).status, 200);
    }
    assert.equal(harness.defects.splice(0).length, 2);
  });
});
