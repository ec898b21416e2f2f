import assert from "node:assert/strict";
import type { RouteRetry } from "../../../src/resources/http-route.ts";
import {
  answeringStatuses,
  answerOf,
  type EndpointSpec,
  type Respond,
  Routed,
  readAnswer,
  requestText,
  saying,
  valuesOf,
} from "../../support/routed.ts";

function retrying(
  endpoints: readonly EndpointSpec[],
  retry: RouteRetry | undefined,
  limits: Parameters<typeof Routed.start>[0]["limits"] = {},
): Promise<Routed> {
  return Routed.start({
    backends: { "app/web:80": endpoints },
    rules: [retry === undefined ? {} : { retry: { backoffMs: 1, ...retry } }],
    limits,
  });
}

describe("retry on a status", () => {
  // The conformance test HTTPRouteRetry, and more.
  const all = [500, 502, 503, 504];
  const cases: readonly {
    readonly name: string;
    readonly answers: readonly number[];
    readonly retry: RouteRetry | undefined;
    readonly status: number;
    readonly tries: number;
  }[] = [
    {
      name: "succeeds at the third try",
      answers: [500, 500, 200],
      retry: { codes: [500], attempts: 3 },
      status: 200,
      tries: 3,
    },
    {
      name: "passes on the last answer",
      answers: [500, 500, 500, 500, 200],
      retry: { codes: [500], attempts: 3 },
      status: 500,
      tries: 4,
    },
    {
      name: "leaves other codes alone",
      answers: [503, 200],
      retry: { codes: [500], attempts: 3 },
      status: 503,
      tries: 1,
    },
    ...all.flatMap((code) => [
      {
        name: `retries ${code}`,
        answers: [code, 200],
        retry: { codes: all, attempts: 2 },
        status: 200,
        tries: 2,
      },
      {
        name: `gives up on ${code}`,
        answers: [code, code, code, 200],
        retry: { codes: all, attempts: 2 },
        status: code,
        tries: 3,
      },
    ]),
    {
      name: "retries other codes that are listed",
      answers: [429, 418, 200],
      retry: { codes: [418, 429], attempts: 2 },
      status: 200,
      tries: 3,
    },
    {
      name: "attempts 0 retries nothing",
      answers: [500, 200],
      retry: { codes: [500], attempts: 0 },
      status: 500,
      tries: 1,
    },
    {
      name: "no codes retry no status",
      answers: [500, 200],
      retry: { codes: [], attempts: 3 },
      status: 500,
      tries: 1,
    },
    { name: "no stanza retries no status", answers: [503, 200], retry: undefined, status: 503, tries: 1 },
  ];
  for (const c of cases) {
    it(c.name, async () => {
      await using routed = await retrying([answeringStatuses(...c.answers)], c.retry);
      const answer = await routed.get("/");
      assert.deepEqual([answer.status, answer.body], [c.status, `answer ${c.tries}`]);
      assert.equal(routed.seen().length, c.tries);
      assert.equal(routed.harness.telemetry.count("resends", "retry_status"), c.tries - 1);
      assert.equal(routed.harness.telemetry.count("requests", c.status), 1);
      assert.deepEqual(
        routed.harness.log.map(({ tries }) => tries),
        [c.tries],
      );
    });
  }

  it("goes to another endpoint than before, round by round", async () => {
    const always = answeringStatuses(500);
    await using routed = await retrying([always, always, always], { codes: [500], attempts: 5 });
    assert.equal((await routed.get("/")).status, 500);
    assert.deepEqual(routed.counts(), [2, 2, 2]);
  });

  it("never goes to the same of two endpoints twice in a row", async () => {
    const order: string[] = [];
    const failing =
      (name: string): Respond =>
      (_seen, response) => {
        order.push(name);
        response.statusCode = 503;
        response.end();
      };
    await using routed = await retrying([failing("a"), failing("b")], { codes: [503], attempts: 7 });
    await routed.get("/");
    assert.equal(order.length, 8);
    for (let n = 1; n < order.length; n++) assert.notEqual(order[n], order[n - 1]);
  });

  it("retries POST as well, since the route asks for it", async () => {
    await using routed = await retrying([answeringStatuses(503, 200)], { codes: [503], attempts: 1 });
    assert.equal((await routed.send(requestText("POST", "/", [], "body"))).status, 200);
    assert.deepEqual(
      routed.seen().map(({ body }) => body),
      ["body", "body"],
    );
  });

  it("retries HEAD, whose responses have no body", async () => {
    await using routed = await retrying([answeringStatuses(503, 503, 200)], { codes: [503], attempts: 2 });
    const client = routed.client();
    assert.equal((await answerOf(client, requestText("HEAD", "/"))).status, 200);
    assert.equal((await answerOf(client, requestText("GET", "/"))).body, "answer 4");
  });

  it("waits for the backoff at least, and not much longer", async () => {
    await using routed = await retrying([answeringStatuses(500, 500, 200)], {
      codes: [500],
      attempts: 2,
      backoffMs: 60,
    });
    const startedMs = performance.now();
    assert.equal((await routed.get("/")).status, 200);
    const tookMs = performance.now() - startedMs;
    // 60 to 120 ms, then 120 to 240 ms.
    assert.ok(tookMs >= 180 && tookMs < 1_500, `${tookMs} ms`);
  });

  it("is quick where no backoff is named", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": [answeringStatuses(500, 200)] },
      rules: [{ retry: { codes: [500], attempts: 5 }, timeouts: { requestMs: 500 } }],
    });
    assert.equal((await routed.get("/")).status, 200);
  });
});

describe("the body of a request that is retried", () => {
  const chunked = "POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n";

  it("is sent again from a chunked request, with its trailers", async () => {
    await using routed = await retrying([answeringStatuses(503, 503, 200)], { codes: [503], attempts: 2 });
    const answer = await routed.send(`${chunked}5\r\n01234\r\n5\r\n56789\r\n0\r\nX-End: yes\r\n\r\n`);
    assert.equal(answer.status, 200);
    for (const seen of routed.seen())
      assert.deepEqual([seen.body, seen.trailers["x-end"]], ["0123456789", "yes"]);
    assert.equal(routed.seen().length, 3);
  });

  it("is sent again on a pooled connection", async () => {
    await using routed = await retrying([answeringStatuses(200, 200, 503, 200)], {
      codes: [503],
      attempts: 2,
    });
    // Two connections of the same endpoint: one is given up with the 503, the other takes the retry.
    const [one, two] = [routed.client(), routed.client()];
    await Promise.all([answerOf(one, requestText("GET", "/")), answerOf(two, requestText("GET", "/"))]);
    assert.equal((await answerOf(one, requestText("POST", "/", [], "body"))).status, 200);
    assert.deepEqual(
      routed.seen().map(({ body }) => body),
      ["", "", "body", "body"],
    );
  });

  const early: EndpointSpec = {
    raw: (socket, index) => {
      let received = "";
      socket.on("data", (chunk: Buffer) => {
        received += chunk.toString("latin1");
        if (index === 0 && received.includes("01234")) {
          socket.write("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
        } else if (received.endsWith("56789\r\n0\r\n\r\n") || received.endsWith("0123456789")) {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`);
        }
      });
    },
  };
  const halves = [
    {
      name: "with a length",
      parts: ["POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 10\r\n\r\n01234", "56789"],
    },
    { name: "in chunks", parts: [`${chunked}5\r\n01234\r\n`, "5\r\n56789\r\n0\r\n\r\n"] },
  ];
  for (const c of halves) {
    it(`${c.name} may be half on its way when the backend answers`, async () => {
      await using routed = await retrying([early], { codes: [503], attempts: 1 });
      const client = routed.client();
      client.send(c.parts[0] ?? "");
      await routed.until(() => routed.harness.telemetry.count("resends", "retry_status") === 1);
      client.send(c.parts[1] ?? "");
      assert.equal((await readAnswer(client, 0)).body, "ok");
      assert.equal(routed.connections(), 2);
    });
  }

  const sizes = [
    { name: "as large as the limit", size: 1_000, tries: 2, status: 200 },
    { name: "larger than the limit", size: 1_001, tries: 1, status: 503 },
  ];
  for (const c of sizes) {
    for (const framing of ["Content-Length", "chunked"]) {
      it(`is kept up to a limit: ${c.name}, ${framing}`, async () => {
        await using routed = await retrying(
          [answeringStatuses(503, 200)],
          { codes: [503], attempts: 1 },
          { retryBodyBytes: 1_000 },
        );
        const body = "x".repeat(c.size);
        const text =
          framing === "chunked"
            ? `${chunked}${c.size.toString(16)}\r\n${body}\r\n0\r\n\r\n`
            : requestText("PUT", "/", [], body);
        assert.equal((await routed.send(text)).status, c.status);
        assert.deepEqual(
          routed.seen().map((seen) => seen.body),
          Array.from({ length: c.tries }, () => body),
        );
      });
    }
  }

  it("was never invited when the backend refuses it before 100 Continue", async () => {
    await using routed = await retrying(
      [
        {
          raw: (socket, index) => {
            let received = "";
            socket.on("data", (chunk: Buffer) => {
              received += chunk.toString("latin1");
              if (index === 0) socket.write("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
              else if (received.endsWith("body"))
                socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
              else socket.write("HTTP/1.1 100 Continue\r\n\r\n");
            });
          },
        },
      ],
      { codes: [503], attempts: 1 },
    );
    const client = routed.client();
    client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    assert.equal(await client.until((text) => text.includes("\r\n\r\n")), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("body");
    assert.equal((await readAnswer(client, 0)).body, "ok");
  });

  it("is invited once, however many backends ask for it", async () => {
    await using routed = await retrying(
      [
        {
          raw: (socket, index) => {
            let received = "";
            socket.write("HTTP/1.1 100 Continue\r\n\r\n");
            socket.on("data", (chunk: Buffer) => {
              received += chunk.toString("latin1");
              if (!received.endsWith("body")) return;
              const status = index === 0 ? "503 Service Unavailable" : "200 OK";
              socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nok`);
            });
          },
        },
      ],
      { codes: [503], attempts: 1 },
    );
    const client = routed.client();
    client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nbody");
    await client.until((text) => text.endsWith("ok"));
    assert.ok((client.received.match(/100 Continue/g) ?? []).length <= 1, client.received);
  });
});

describe("retry of connections that fail", () => {
  it("finds the endpoint that works", async () => {
    // The conformance test HTTPRouteRetryConnectionError.
    await using routed = await retrying(["refuses", saying("web")], { codes: [], attempts: 100 });
    for (let n = 0; n < 10; n++) assert.equal((await routed.get("/")).body, "web");
  });

  it("waits and tries the only endpoint again, as often as the route says", async () => {
    await using routed = await retrying(["refuses"], { codes: [], attempts: 3 });
    const answer = await routed.get("/");
    assert.equal(answer.status, 503);
    assert.equal(routed.harness.telemetry.count("resends", "connect_failure"), 3);
    assert.deepEqual(
      routed.harness.log.map(({ tries, failure }) => [tries, failure]),
      [[4, "connection_refused"]],
    );
  });

  it("does nothing of it with attempts 0, not even a resend to another endpoint", async () => {
    await using routed = await retrying(["refuses", "refuses", "refuses"], { codes: [500], attempts: 0 });
    assert.equal((await routed.get("/")).status, 503);
    assert.deepEqual(
      routed.harness.log.map(({ tries }) => tries),
      [1],
    );
  });

  it("is not for a request that was sent: a reset is 502", async () => {
    const resets: EndpointSpec = {
      raw: (socket) => {
        socket.once("data", () => socket.resetAndDestroy());
      },
    };
    await using routed = await retrying([resets, resets], { codes: [502], attempts: 3 });
    assert.equal((await routed.get("/")).status, 502);
    assert.deepEqual(
      routed.harness.log.map(({ tries }) => tries),
      [1],
    );
  });
});

describe("retries and the client", () => {
  it("are over once a byte of a response is out", async () => {
    const breaks: EndpointSpec = {
      raw: (socket) => {
        socket.once("data", () => {
          socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234", () => socket.resetAndDestroy());
        });
      },
    };
    await using routed = await retrying([breaks, breaks], { codes: [500], attempts: 3 });
    const client = routed.client();
    client.send(requestText("GET", "/"));
    const text = await client.closed();
    assert.ok(text.startsWith("HTTP/1.1 200 OK") && !text.includes("56789"));
    assert.equal(routed.connections(), 1);
  });

  it("end with a client that leaves during the backoff", async () => {
    await using routed = await retrying([answeringStatuses(500)], {
      codes: [500],
      attempts: 3,
      backoffMs: 60_000,
    });
    const client = routed.client();
    client.send(requestText("GET", "/"));
    await routed.until(() => routed.harness.telemetry.count("resends", "retry_status") === 1);
    client.socket.resetAndDestroy();
    await routed.until(() => routed.harness.telemetry.count("failures", "client_closed") === 1);
    assert.equal(routed.seen().length, 1);
    assert.equal(routed.harness.proxy.activity.busy, 0);
  });

  it("leave the connection as good as before", async () => {
    await using routed = await retrying([answeringStatuses(500, 200)], { codes: [500], attempts: 1 });
    const client = routed.client();
    client.send(requestText("GET", "/").repeat(3));
    const text = await client.until((received) => (received.match(/answer \d/g) ?? []).length === 3);
    assert.deepEqual(text.match(/answer \d/g), ["answer 2", "answer 3", "answer 4"]);
  });
});

describe("the retry budget", () => {
  it("answers 503 and Retry-After instead of one more retry", async () => {
    await using routed = await retrying(
      [answeringStatuses(500)],
      { codes: [500], attempts: 10 },
      { retryBudgetPercent: 0, retryBudgetMinPerSecond: 2 },
    );
    // At most two seconds of the budget's clock can pass in this request.
    const answer = await routed.get("/");
    assert.equal(answer.status, 503);
    assert.deepEqual(valuesOf(answer, "retry-after"), ["1"]);
    assert.match(
      valuesOf(answer, "proxy-status")[0] ?? "",
      /^eastbound; error=connection_limit_reached; details="the retry budget of app\/web:80 is spent; the last try: .* answered 500"$/,
    );
    assert.ok(routed.seen().length >= 3 && routed.seen().length <= 5);
    assert.equal(routed.harness.telemetry.count("failures", "overload"), 1);
  });

  it("is not drawn from by resends", async () => {
    await using routed = await retrying(
      ["refuses", "refuses", saying("web")],
      { codes: [500], attempts: 1 },
      { retryBudgetPercent: 0, retryBudgetMinPerSecond: 0 },
    );
    assert.equal((await routed.get("/")).body, "web");
  });
});
