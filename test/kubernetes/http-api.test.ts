import assert from "node:assert/strict";
import { ApiError } from "../../src/kubernetes/api-error.ts";
import { createWatchApi } from "../../src/kubernetes/http-api.ts";
import type { ListPage, ListRequest, WatchEvent, WatchRequest } from "../../src/kubernetes/watch-api.ts";
import { type Answer, json, LocalApiServer, pieces } from "./local-api-server.ts";

const services = { group: "", version: "v1", plural: "services" };
const routes = { group: "gateway.networking.k8s.io", version: "v1", plural: "httproutes" };
const everything: WatchRequest = { resource: services, resourceVersion: "10", timeoutSeconds: 300 };
const never = new AbortController().signal;

interface Listed {
  readonly items: readonly unknown[];
  readonly page: ListPage;
}

async function list(server: LocalApiServer, request: Partial<ListRequest> = {}): Promise<Listed> {
  const items: unknown[] = [];
  const api = createWatchApi(server.config());
  const page = await api.list({ resource: services, ...request }, (item) => items.push(item), never);
  return { items, page };
}

interface Watched {
  readonly batches: readonly (readonly WatchEvent[])[];
  readonly opened: number;
  readonly error: unknown;
}

async function watch(server: LocalApiServer, request: Partial<WatchRequest> = {}): Promise<Watched> {
  const batches: (readonly WatchEvent[])[] = [];
  let opened = 0;
  const observer = {
    onOpen: () => {
      opened++;
    },
    onEvents: (events: readonly WatchEvent[]) => batches.push(events),
  };
  const error = await createWatchApi(server.config())
    .watch({ ...everything, ...request }, observer, never)
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  return { batches, opened, error };
}

function failureOf(pending: Promise<unknown>): Promise<ApiError> {
  return pending.then(
    () => assert.fail("must fail"),
    (error: unknown) => {
      assert.ok(error instanceof ApiError, `must be an ApiError: ${String(error)}`);
      return error;
    },
  );
}

const emptyList = { kind: "ServiceList", apiVersion: "v1", metadata: { resourceVersion: "10" }, items: [] };

describe("HTTP API: lists", () => {
  const paths: readonly { readonly request: ListRequest; readonly url: string }[] = [
    { request: { resource: services }, url: "/api/v1/services" },
    {
      request: { resource: routes, namespace: "shop", limit: 500 },
      url: "/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes?limit=500",
    },
    {
      request: {
        resource: services,
        limit: 5,
        continueToken: "a/b+c=",
        fieldSelector: "metadata.name=a",
        labelSelector: "app in (a, b)",
      },
      url: "/api/v1/services?limit=5&continue=a%2Fb%2Bc%3D&fieldSelector=metadata.name%3Da&labelSelector=app+in+%28a%2C+b%29",
    },
  ];
  for (const { request, url } of paths) {
    it(`asks for ${url}`, async () => {
      await using server = await LocalApiServer.start();
      server.answer(json(200, emptyList));
      await list(server, request);
      assert.equal(server.requests[0]?.url, url);
      assert.equal(server.requests[0]?.method, "GET");
      assert.equal(server.requests[0]?.headers.accept, "application/json");
    });
  }

  it("takes the server's own path into account", async () => {
    await using server = await LocalApiServer.start();
    server.answer(json(200, emptyList));
    const config = server.config({}, { server: `${server.url}/clusters/one/` });
    await createWatchApi(config).list({ resource: services }, () => {}, never);
    assert.equal(server.requests[0]?.url, "/clusters/one/api/v1/services");
  });

  it("yields items, version and token", async () => {
    await using server = await LocalApiServer.start();
    const items = [{ metadata: { name: "a" } }, { metadata: { name: "ü" } }];
    server.answer(json(200, { items, kind: "List", metadata: { resourceVersion: "7", continue: "more" } }));
    assert.deepEqual(await list(server), { items, page: { resourceVersion: "7", continueToken: "more" } });
  });

  it("knows the last page by its empty token", async () => {
    await using server = await LocalApiServer.start();
    server.answer(json(200, { ...emptyList, metadata: { resourceVersion: "7", continue: "" } }));
    assert.deepEqual(await list(server), { items: [], page: { resourceVersion: "7" } });
  });

  it("reads a list byte by byte, characters of several bytes included", async () => {
    await using server = await LocalApiServer.start();
    const whole = { metadata: { resourceVersion: "7" }, items: [{ a: "ä€😀" }, { b: [{}, "]}"] }] };
    const bytes = Buffer.from(JSON.stringify(whole));
    const single = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
    server.answer(pieces(single, (response) => response.end()));
    assert.deepEqual((await list(server)).items, whole.items);
  });

  it("yields undefined for an item that is broken or too large, and the good ones around it", async () => {
    await using server = await LocalApiServer.start();
    const large = `{"a":"${"x".repeat(9 * 1024 * 1024)}"}`;
    const text = `{"metadata":{"resourceVersion":"7"},"items":[{"a":1},{bad},${large},{"b":2}]}`;
    server.answer((response) => response.end(text));
    assert.deepEqual((await list(server)).items, [{ a: 1 }, undefined, undefined, { b: 2 }]);
  });

  const noLists = [
    { name: "no JSON", body: "<html>" },
    { name: "no metadata", body: '{"items":[]}' },
    { name: "no version", body: '{"metadata":{"resourceVersion":""},"items":[]}' },
    {
      name: "a list cut short in good order",
      body: '{"metadata":{"resourceVersion":"1"},"items":[{"a":1},{"b"',
    },
  ];
  for (const { name, body } of noLists) {
    it(`refuses ${name}`, async () => {
      await using server = await LocalApiServer.start();
      server.answer((response) => response.end(body));
      assert.equal((await failureOf(list(server))).reason, "MalformedList");
    });
  }
});

describe("HTTP API: errors", () => {
  const status = { kind: "Status", status: "Failure" };
  const cases: readonly {
    readonly name: string;
    readonly answer: Answer;
    readonly wanted: Readonly<Record<string, unknown>>;
  }[] = [
    {
      name: "a version that is gone",
      answer: json(410, { ...status, code: 410, reason: "Expired", message: "too old" }),
      wanted: { status: 410, reason: "Expired", message: "too old", isExpired: true },
    },
    {
      name: "too many requests",
      answer: json(429, { ...status, reason: "TooManyRequests", message: "later" }, { "retry-after": "3" }),
      wanted: { status: 429, reason: "TooManyRequests", retryAfterSeconds: 3, isExpired: false },
    },
    {
      name: "a wait that only the body tells of",
      answer: json(503, {
        ...status,
        reason: "ServerTimeout",
        message: "later",
        details: { retryAfterSeconds: 2 },
      }),
      wanted: { status: 503, retryAfterSeconds: 2 },
    },
    {
      name: "a wait as a date, which no API server sends",
      answer: json(503, status, { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }),
      wanted: { status: 503, retryAfterSeconds: undefined },
    },
    {
      name: "an answer that is no Status",
      answer: (response) => response.writeHead(502, "Bad Gateway").end("<html>"),
      wanted: { status: 502, reason: "Bad Gateway", message: "the API server answered 502 Bad Gateway" },
    },
    {
      name: "an endless error",
      answer: (response) => {
        response.writeHead(500);
        response.write("x".repeat(200_000));
      },
      wanted: { status: 500, reason: "Internal Server Error" },
    },
    {
      name: "an error that breaks off",
      answer: (response) => {
        response.writeHead(500, { "content-length": "100" });
        response.write("x", () => response.destroy());
      },
      wanted: { status: 500 },
    },
    {
      name: "a success of another kind",
      answer: (response) => response.writeHead(204).end(),
      wanted: { status: 204, reason: "No Content" },
    },
    {
      name: "a connection that breaks before the answer",
      answer: (response) => response.destroy(),
      wanted: { status: undefined, reason: "ECONNRESET" },
    },
    {
      name: "a connection that breaks within the answer",
      answer: pieces(['{"items":[{"a":1},'], (response) => response.destroy()),
      wanted: { status: undefined, reason: "ECONNRESET" },
    },
  ];
  for (const { name, answer, wanted } of cases) {
    it(`tells of ${name}`, async () => {
      await using server = await LocalApiServer.start();
      server.answer(answer, answer);
      for (const error of [await failureOf(list(server)), (await watch(server)).error]) {
        assert.ok(error instanceof ApiError);
        const { status: found, reason, message, retryAfterSeconds, isExpired } = error;
        const all = { status: found, reason, message, retryAfterSeconds, isExpired };
        assert.deepEqual({ ...all, ...wanted }, all);
      }
    });
  }

  it("tells of a server that is not there", async () => {
    const server = await LocalApiServer.start();
    const config = server.config();
    await server[Symbol.asyncDispose]();
    const error = await failureOf(createWatchApi(config).list({ resource: services }, () => {}, never));
    assert.equal(error.reason, "ECONNREFUSED");
  });
});

describe("HTTP API: watches", () => {
  const line = (type: string, value: unknown): string => `${JSON.stringify({ type, object: value })}\n`;

  it("asks for bookmarks and for an end", async () => {
    await using server = await LocalApiServer.start();
    server.answer(pieces([], (response) => response.end()));
    assert.deepEqual(await watch(server, { resource: routes, labelSelector: "a=b" }), {
      batches: [[]],
      opened: 1,
      error: undefined,
    });
    assert.equal(
      server.requests[0]?.url,
      "/apis/gateway.networking.k8s.io/v1/httproutes?watch=true&allowWatchBookmarks=true&resourceVersion=10&timeoutSeconds=300&labelSelector=a%3Db",
    );
  });

  it("yields events as they come, those of one piece together", async () => {
    await using server = await LocalApiServer.start();
    const first = line("ADDED", { a: 1 }) + line("MODIFIED", { b: 2 });
    const second = Buffer.from(line("DELETED", { name: "ä€😀" }));
    const middle = second.length - 8;
    server.answer(
      pieces([first, second.subarray(0, middle), second.subarray(middle)], (response) => response.end()),
    );
    const { batches, error } = await watch(server);
    assert.equal(error, undefined);
    assert.deepEqual(batches, [
      [
        { kind: "event", type: "ADDED", object: { a: 1 } },
        { kind: "event", type: "MODIFIED", object: { b: 2 } },
      ],
      [],
      [{ kind: "event", type: "DELETED", object: { name: "ä€😀" } }],
      [],
    ]);
  });

  it("yields what came before a connection broke, but no half of a line", async () => {
    await using server = await LocalApiServer.start();
    server.answer(pieces([line("ADDED", { a: 1 }), '{"type":"AD'], (response) => response.destroy()));
    const { batches, error } = await watch(server);
    assert.ok(error instanceof ApiError);
    assert.equal(error.reason, "ECONNRESET");
    assert.deepEqual(batches, [[{ kind: "event", type: "ADDED", object: { a: 1 } }], []]);
  });

  const broken = [
    { name: "no JSON", text: "<html>\n" },
    { name: "no object", text: "7\n" },
    { name: "no type", text: '{"object":{}}\n' },
    { name: "too long", text: `{"type":"ADDED","object":"${"x".repeat(9 * 1024 * 1024)}"}\n` },
  ];
  for (const { name, text } of broken) {
    it(`tells of a line that is ${name}, and goes on`, async () => {
      await using server = await LocalApiServer.start();
      server.answer((response) => response.end(text + line("ADDED", { a: 1 })));
      const { batches, error } = await watch(server);
      assert.equal(error, undefined);
      assert.deepEqual(batches.flat(), [
        { kind: "malformed" },
        { kind: "event", type: "ADDED", object: { a: 1 } },
      ]);
    });
  }

  const aborts = [
    { name: "before the answer", answer: (): void => {} },
    { name: "while it waits for events", answer: pieces([line("ADDED", {})], () => {}) },
    {
      name: "while events pour in",
      answer: ((response) => {
        const pour = (): void => {
          if (!response.destroyed) response.write(line("ADDED", {}).repeat(10_000), () => setImmediate(pour));
        };
        pour();
      }) satisfies Answer,
    },
  ];
  for (const { name, answer } of aborts) {
    it(`ends at once when it is to, and its connection with it: ${name}`, async () => {
      await using server = await LocalApiServer.start();
      const controller = new AbortController();
      const asked = Promise.withResolvers<void>();
      server.answer((response, request) => {
        asked.resolve();
        answer(response, request);
      });
      let events = 0;
      const observer = {
        onOpen: (): void => {},
        onEvents: (): void => {
          events++;
        },
      };
      const pending = createWatchApi(server.config()).watch(everything, observer, controller.signal);
      await asked.promise;
      await server.hasConnections(1);
      controller.abort();
      const before = events;
      await assert.rejects(pending);
      await server.hasConnections(0);
      assert.equal(events, before);
    });
  }

  it("asks nothing when it is to end before it began", async () => {
    await using server = await LocalApiServer.start();
    await assert.rejects(
      createWatchApi(server.config()).list({ resource: services }, () => {}, AbortSignal.abort()),
    );
    assert.equal(server.connections, 0);
  });
});

describe("HTTP API: connections", () => {
  it("sends one request after the other on one connection", async () => {
    await using server = await LocalApiServer.start();
    server.answer(json(200, emptyList), json(200, emptyList), json(410, {}), json(200, emptyList));
    const api = createWatchApi(server.config());
    const ask = (): Promise<ListPage> => api.list({ resource: services }, () => {}, never);
    await ask();
    await ask();
    await failureOf(ask());
    await ask();
    assert.equal(server.connections, 1);
  });

  it("sends again when the server closed a connection that lay idle", async () => {
    await using server = await LocalApiServer.start();
    const hangUp: Answer = (_, request) => request.socket.destroy();
    server.answer(json(200, emptyList), hangUp, json(200, emptyList));
    const api = createWatchApi(server.config());
    await api.list({ resource: services }, () => {}, never);
    await api.list({ resource: services }, () => {}, never);
    assert.equal(server.requests.length, 3);
    assert.equal(server.connections, 2);
  });
});
