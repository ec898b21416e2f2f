import assert from "node:assert/strict";
import { answerOf, type EndpointSpec, Routed, requestText, saying } from "../../support/routed.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = requestText("GET", "/");

/** Answers the first request of a connection; at the next one it closes, or resets, without an answer. */
function closingAtReuse(how: "end" | "resetAndDestroy"): EndpointSpec {
  return {
    raw: (socket) => {
      let requests = 0;
      socket.on("data", () => {
        if (requests++ === 0) socket.write(OK);
        else socket[how]();
      });
    },
  };
}

describe("resending after a connection that could not be established", () => {
  it("goes to another endpoint at once, without a retry stanza", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": ["refuses", "refuses", "refuses", "refuses", saying("web")] },
    });
    assert.equal((await routed.get("/")).body, "web");
    const [entry] = routed.harness.log;
    assert.equal(routed.harness.telemetry.count("resends", "connect_failure"), (entry?.tries ?? 0) - 1);
    assert.equal(entry?.endpoint, `127.0.0.1:${routed.ports()[0]}`);
  });

  it("sends the body once, to the endpoint that is there", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": ["refuses", "refuses", saying("web")] },
    });
    const client = routed.client();
    for (let n = 0; n < 3; n++) await answerOf(client, requestText("POST", "/", [], "x".repeat(100_000)));
    assert.deepEqual(
      routed.seen().map(({ body }) => body.length),
      [100_000, 100_000, 100_000],
    );
  });

  it("takes five endpoints at most", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": Array.from({ length: 8 }, () => "refuses" as const) },
    });
    assert.equal((await routed.get("/")).status, 503);
    assert.deepEqual(
      routed.harness.log.map(({ tries, status, failure }) => [tries, status, failure]),
      [[5, 503, "connection_refused"]],
    );
  });

  it("tries each endpoint once", async () => {
    await using routed = await Routed.start({ backends: { "app/web:80": ["refuses", "refuses"] } });
    assert.equal((await routed.get("/")).status, 503);
    assert.deepEqual(
      routed.harness.log.map(({ tries }) => tries),
      [2],
    );
  });

  it("ends with the window of time", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": ["refuses", "refuses"] },
      limits: { resendWindowMs: 0 },
    });
    assert.equal((await routed.get("/")).status, 503);
    assert.deepEqual(
      routed.harness.log.map(({ tries }) => tries),
      [1],
    );
  });

  it("costs one try, since the endpoint is then avoided for a while", async () => {
    await using routed = await Routed.start({ backends: { "app/web:80": ["refuses", saying("web")] } });
    const client = routed.client();
    for (let n = 0; n < 50; n++) assert.equal((await answerOf(client, GET)).body, "web");
    const resends = routed.harness.telemetry.count("resends", "connect_failure");
    assert.ok(resends <= 3, `${resends} resends`);
  });
});

describe("resending after a connection that was closed at rest", () => {
  for (const how of ["end", "resetAndDestroy"] as const) {
    const text = [
      { name: "GET", text: GET },
      { name: "PUT with a body", text: requestText("PUT", "/", [], "body") },
      {
        name: "a chunked PUT",
        text: "PUT / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
      },
    ];
    for (const c of text) {
      it(`sends ${c.name} once more, on a new connection (${how})`, async () => {
        await using routed = await Routed.start({ backends: { "app/web:80": [closingAtReuse(how)] } });
        const client = routed.client();
        assert.equal((await answerOf(client, GET)).body, "ok");
        assert.equal((await answerOf(client, c.text)).body, "ok");
        assert.equal(routed.connections(), 2);
        assert.equal(routed.harness.telemetry.count("resends", "reused_connection_closed"), 1);
        assert.deepEqual(
          routed.harness.log.map(({ tries }) => tries),
          [1, 2],
        );
      });
    }
  }

  it("does not do that with POST, which may have been processed", async () => {
    await using routed = await Routed.start({ backends: { "app/web:80": [closingAtReuse("end")] } });
    const client = routed.client();
    await answerOf(client, GET);
    assert.equal((await answerOf(client, requestText("POST", "/", [], "body"))).status, 502);
    assert.equal(routed.harness.telemetry.count("failures", "upstream_closed"), 1);
  });

  const neverResent = [
    { name: "POST", text: requestText("POST", "/", [], "body") },
    {
      name: "PUT with a body that is too long to be kept",
      text: requestText("PUT", "/", [], "x".repeat(101)),
    },
    {
      name: "PUT with a body of unknown length",
      text: "PUT / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
    },
    { name: "GET under a rule that says attempts 0", text: GET, retry: { codes: [], attempts: 0 } },
  ];
  for (const { name, text, retry } of neverResent) {
    it(`gives no connection that rested for long to ${name}`, async () => {
      await using routed = await Routed.start({
        backends: { "app/web:80": [closingAtReuse("end")] },
        limits: { freshConnectionMs: 0, retryBodyBytes: 100 },
        ...(retry === undefined ? {} : { rules: [{ retry }] }),
      });
      const client = routed.client();
      await answerOf(client, GET);
      assert.equal((await answerOf(client, text)).body, "ok");
      assert.equal(routed.connections(), 2);
    });
  }

  it("is off where the rule says attempts 0", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": [closingAtReuse("end")] },
      rules: [{ retry: { codes: [], attempts: 0 } }],
    });
    const client = routed.client();
    await answerOf(client, GET);
    assert.equal((await answerOf(client, GET)).status, 502);
  });

  it("is not for a new connection: the server may have processed the request", async () => {
    const closes: EndpointSpec = { raw: (socket) => socket.once("data", () => socket.end()) };
    await using routed = await Routed.start({ backends: { "app/web:80": [closes, closes] } });
    assert.equal((await routed.get("/")).status, 502);
    assert.deepEqual(
      routed.harness.log.map(({ tries }) => tries),
      [1],
    );
  });
});
