import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import {
  answeringStatuses,
  answerOf,
  Routed,
  readAnswer,
  requestText,
  SILENT,
  saying,
} from "../../support/routed.ts";

const RULES = [
  { name: "named", at: "/named", target: { kind: "Backend", name: "app/b:81" } },
  { at: "/indexed", target: { kind: "Backend", name: "app/web:80" } },
  { at: "/invalid", target: { kind: "Invalid", reason: "BackendNotFound", message: "no such Service" } },
  { at: "/none", target: { kind: "Backend", name: "app/none:80" } },
] as const;

function start(): Promise<Routed> {
  return Routed.start({
    backends: { "app/web:80": [saying("web")], "app/b:81": [saying("bee")], "app/none:80": [] },
    rules: [
      ...RULES.map(({ at, target, ...rest }) => ({
        ...("name" in rest ? { name: rest.name } : {}),
        matches: [{ path: { kind: "PathPrefix", value: at }, headers: [], queryParams: [] }] as const,
        backends: [{ target, weight: 1, filters: [] }],
      })),
      {
        matches: [{ path: { kind: "PathPrefix", value: "/old" }, headers: [], queryParams: [] }],
        filters: [{ kind: "RequestRedirect", redirect: { hostname: "new", statusCode: 301 } }],
        backends: [],
      },
    ],
  });
}

const ROUTE = "HTTPRoute app route";

describe("the metrics of a request", () => {
  const cases: readonly { readonly target: string; readonly key: string; readonly failure?: string }[] = [
    { target: "/named", key: `requests app web 80 ${ROUTE} named app b 81 200` },
    { target: "/indexed", key: `requests app web 80 ${ROUTE} 1 app web 80 200` },
    { target: "/invalid", key: `requests app web 80 ${ROUTE} 2    500`, failure: "backend_invalid" },
    { target: "/none", key: `requests app web 80 ${ROUTE} 3 app none 80 503`, failure: "no_endpoint" },
    { target: "/old", key: `requests app web 80 ${ROUTE} 4    301` },
    { target: "/else", key: "requests app web 80        404", failure: "no_route" },
  ];
  for (const c of cases) {
    it(`of ${c.target}`, async () => {
      await using routed = await start();
      await routed.get(c.target);
      const { counts } = routed.harness.telemetry;
      const of = (kind: string) => [...counts.keys()].filter((key) => key.startsWith(`${kind} `));
      assert.deepEqual(of("requests"), [c.key]);
      assert.deepEqual(of("failures"), c.failure === undefined ? [] : [`failures app web 80 ${c.failure}`]);
    });
  }

  it("name no route where none is bound", async () => {
    await using routed = await Routed.start({});
    await routed.get("/");
    assert.equal(routed.harness.telemetry.counts.get("requests app web 80     app web 80 200"), 1);
  });

  it("count bytes both ways, those of own answers too", async () => {
    await using routed = await start();
    const client = routed.client();
    let sent = 0;
    for (const target of ["/named", "/else", "/indexed", "/old"]) {
      const text = requestText("POST", target, [], "body");
      sent += text.length;
      await answerOf(client, text);
    }
    assert.equal(routed.harness.telemetry.count("bytes", "sent"), sent);
    assert.equal(routed.harness.telemetry.count("bytes", "received"), client.received.length);
  });
});

describe("the bytes of an upgraded connection", () => {
  it("count once, those that came before the upgrade was accepted too", async () => {
    const switched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: raw\r\nConnection: upgrade\r\n\r\n";
    await using routed = await Routed.start({
      backends: {
        "app/web:80": [
          {
            raw: (socket) => {
              let received = "";
              socket.on("data", (chunk) => {
                const isFirst = received === "";
                received += chunk.toString("latin1");
                if (isFirst) socket.write(`${switched}hello`);
                if (received.endsWith("late")) socket.end("bye");
              });
            },
          },
        ],
      },
    });
    const client = routed.client();
    const head = "GET / HTTP/1.1\r\nHost: web\r\nConnection: upgrade\r\nUpgrade: raw\r\n\r\n";
    client.send(`${head}early`);
    await client.until((received) => received.endsWith("hello"));
    client.send("late");
    await client.until((received) => received.endsWith("bye"));
    assert.equal(routed.harness.telemetry.count("bytes", "sent"), `${head}earlylate`.length);
    assert.equal(routed.harness.telemetry.count("bytes", "received"), `${switched}hellobye`.length);
  });
});

describe("the access log of a request", () => {
  it("tells where it went and what came of it", async () => {
    await using routed = await start();
    const traceparent = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await routed.send(requestText("POST", "/named/a?b=c", [traceparent], "0123456789"));
    const [entry] = routed.harness.log;
    assert.ok(entry !== undefined);
    const { durationMs, upstreamMs = Number.NaN, ...rest } = entry;
    assert.deepEqual(rest, {
      service: { namespace: "app", name: "web", port: 80 },
      route: { routeKind: "HTTPRoute", routeNamespace: "app", route: "route", rule: "named" },
      backend: { namespace: "app", name: "b", port: 81 },
      endpoint: `127.0.0.1:${routed.ports("app/b:81")[0]}`,
      method: "POST",
      path: "/named/a?b=c",
      host: "web",
      status: 200,
      failure: undefined,
      tries: 1,
      bytesReceived: 10,
      bytesSent: 3,
      traceId: "0af7651916cd43dd8448eb211c80319c",
    });
    assert.ok(upstreamMs > 0 && upstreamMs <= durationMs, `${upstreamMs} of ${durationMs} ms`);
  });

  it("tells of requests that reach no backend", async () => {
    await using routed = await start();
    await routed.get("/else");
    await routed.send(requestText("HEAD", "/else"));
    await routed.get("/invalid");
    const fields = routed.harness.log.map(
      ({ route, backend, endpoint, status, failure, tries, bytesSent, upstreamMs }) => ({
        rule: route?.rule,
        backend,
        endpoint,
        status,
        failure,
        tries,
        bytesSent,
        upstreamMs,
      }),
    );
    const nowhere = { backend: undefined, endpoint: "", tries: 0, upstreamMs: undefined };
    const notFound = "no rule of the routes for 10.96.0.1:80 matches the request\n".length;
    assert.deepEqual(fields, [
      { ...nowhere, rule: undefined, status: 404, failure: "no_route", bytesSent: notFound },
      { ...nowhere, rule: undefined, status: 404, failure: "no_route", bytesSent: 0 },
      {
        ...nowhere,
        rule: "2",
        status: 500,
        failure: "backend_invalid",
        bytesSent: "no such Service\n".length,
      },
    ]);
  });

  it("tells of requests that could not be read", async () => {
    await using routed = await start();
    await routed.send("GET / HTTP/1.1\r\nHost: web\r\nHost: web\r\n\r\n");
    const [entry, ...more] = routed.harness.log;
    assert.ok(entry !== undefined);
    const { durationMs, ...rest } = entry;
    assert.deepEqual(more, []);
    assert.ok(durationMs >= 0, `${durationMs} ms`);
    assert.deepEqual(rest, {
      service: { namespace: "app", name: "web", port: 80 },
      route: undefined,
      backend: undefined,
      endpoint: "",
      method: "",
      path: "",
      host: "",
      status: 400,
      failure: "request_malformed",
      tries: 0,
      bytesReceived: 0,
      bytesSent: "more than one Host\n".length,
      upstreamMs: undefined,
      traceId: undefined,
    });
  });

  it("counts body bytes without their framing", async () => {
    await using routed = await Routed.start({
      backends: {
        "app/web:80": [
          (_seen, response) => {
            response.write("01234");
            response.end("56789");
          },
        ],
      },
    });
    await routed.send(
      "POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    );
    assert.deepEqual(
      routed.harness.log.map(({ bytesReceived, bytesSent }) => [bytesReceived, bytesSent]),
      [[3, 10]],
    );
  });

  it("measures the endpoint's time by the try that answered", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": [answeringStatuses(503, 200)] },
      rules: [{ retry: { codes: [503], attempts: 1, backoffMs: 200 } }],
    });
    await routed.get("/");
    const [entry] = routed.harness.log;
    assert.ok((entry?.upstreamMs ?? 200) < 200 && (entry?.durationMs ?? 0) >= 200);
    assert.equal(entry?.tries, 2);
  });

  it("measures from the first byte of the request", async () => {
    await using routed = await Routed.start({});
    const client = routed.client();
    client.send("GET / HTTP/1.1\r\nHo");
    await setTimeout(200);
    await answerOf(client, "st: web\r\n\r\n");
    await answerOf(client, requestText("GET", "/"));
    const [first, second] = routed.harness.log;
    assert.ok((first?.durationMs ?? 0) >= 190 && (first?.upstreamMs ?? 200) < 150);
    assert.ok((second?.durationMs ?? 200) < 150);
  });

  it("tells of a client that left", async () => {
    await using routed = await Routed.start({ backends: { "app/web:80": [SILENT] } });
    const client = routed.client();
    client.send(requestText("GET", "/"));
    await routed.untilSeen(1);
    client.socket.resetAndDestroy();
    await routed.until(() => routed.harness.log.length === 1);
    const [entry] = routed.harness.log;
    assert.deepEqual([entry?.status, entry?.failure, entry?.upstreamMs], [0, "client_closed", undefined]);
    assert.equal(routed.harness.telemetry.counts.get("requests app web 80     app web 80 0"), 1);
  });

  it("has one line for each of several requests on a connection", async () => {
    await using routed = await start();
    const client = routed.client();
    client.send(["/named", "/else", "/indexed"].map((target) => requestText("GET", target)).join(""));
    let from = 0;
    for (let n = 0; n < 3; n++) {
      const answer = await readAnswer(client, from);
      from = client.received.indexOf(answer.body, from) + answer.body.length;
    }
    assert.deepEqual(
      routed.harness.log.map(({ path, status, bytesSent }) => [path, status, bytesSent > 0]),
      [
        ["/named", 200, true],
        ["/else", 404, true],
        ["/indexed", 200, true],
      ],
    );
  });
});
