import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import http from "node:http";
import { promisify } from "node:util";
import {
  answerOf,
  type EndpointSpec,
  Routed,
  readAnswer,
  requestText,
  saying,
  valuesOf,
} from "../../support/routed.ts";

const GET = requestText("GET", "/");

/** Answers each request with the same bytes. */
function bytes(response: string): EndpointSpec {
  return {
    raw: (socket) => {
      socket.on("data", () => socket.write(response, "latin1"));
      socket.on("end", () => socket.end());
    },
  };
}

function withBackend(endpoint: EndpointSpec): Promise<Routed> {
  return Routed.start({ backends: { "app/web:80": [endpoint] } });
}

const CHUNKED_WITH_TRAILERS =
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: grpc-status\r\n\r\n2\r\nok\r\n0\r\ngrpc-status: 0\r\nAuthorization: no\r\n\r\n";

describe("responses without a body", () => {
  const cases = [
    {
      name: "HEAD with a length",
      request: requestText("HEAD", "/"),
      response: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
    },
    {
      name: "HEAD in chunks",
      request: requestText("HEAD", "/"),
      response: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    },
    { name: "HEAD with neither", request: requestText("HEAD", "/"), response: "HTTP/1.1 200 OK\r\n\r\n" },
    { name: "204", request: GET, response: "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n" },
    {
      name: "304 with a length",
      request: GET,
      response: "HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\nETag: x\r\n\r\n",
    },
  ];
  for (const c of cases) {
    it(`${c.name}: the connections go on`, async () => {
      await using routed = await withBackend(bytes(c.response));
      const client = routed.client();
      for (let n = 0; n < 3; n++) {
        const answer = await answerOf(client, c.request);
        assert.ok(answer.status === Number(c.response.slice(9, 12)));
        assert.deepEqual(valuesOf(answer, "connection"), []);
      }
      assert.equal(routed.connections(), 1);
    });
  }

  it("HEAD keeps the length that GET would have", async () => {
    await using routed = await withBackend(bytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"));
    assert.deepEqual(valuesOf(await routed.send(requestText("HEAD", "/")), "content-length"), ["100"]);
  });
});

describe("trailers of a response", () => {
  it("reach a client that takes them, but for fields that frame", async () => {
    await using routed = await withBackend(bytes(CHUNKED_WITH_TRAILERS));
    const client = routed.client();
    client.send(requestText("GET", "/", ["TE: trailers", "Connection: TE"]));
    const text = await client.until(
      (received) => received.endsWith("\r\n\r\n") && received.includes("\r\n0\r\n"),
    );
    assert.ok(text.endsWith("\r\n0\r\ngrpc-status: 0\r\n\r\n"), text);
  });

  it("are dropped for one that does not", async () => {
    await using routed = await withBackend(bytes(CHUNKED_WITH_TRAILERS));
    const client = routed.client();
    assert.equal((await answerOf(client, GET)).body, "ok");
    assert.ok(client.received.endsWith("2\r\nok\r\n0\r\n\r\n"));
  });

  it("are understood by node:http", async () => {
    await using routed = await withBackend(bytes(CHUNKED_WITH_TRAILERS));
    const agent = new http.Agent();
    const trailers = await new Promise((resolve, reject) => {
      const headers = { TE: "trailers", Connection: "TE" };
      const request = http.get({ port: routed.port, host: "127.0.0.1", headers, agent }, (response) => {
        response.resume().on("end", () => resolve(response.trailers));
      });
      request.on("error", reject);
    });
    agent.destroy();
    assert.deepEqual(trailers, { "grpc-status": "0" });
  });
});

describe("a backend that ends its connections", () => {
  const cases = [
    { name: "and says so", response: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok" },
    { name: "with the body", response: "HTTP/1.1 200 OK\r\n\r\nok" },
    { name: "since it speaks HTTP/1.0", response: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok" },
  ];
  for (const c of cases) {
    it(`${c.name}: the client's goes on`, async () => {
      await using routed = await withBackend({
        raw: (socket) => {
          socket.once("data", () => socket.end(c.response));
        },
      });
      const client = routed.client();
      for (let n = 1; n <= 3; n++) {
        const answer = await answerOf(client, GET);
        assert.deepEqual([answer.body, valuesOf(answer, "connection")], ["ok", []]);
        assert.equal(routed.connections(), n);
      }
    });
  }
});

describe("an HTTP/1.0 client", () => {
  it("gets what is chunked until the end of the connection", async () => {
    await using routed = await withBackend(bytes(CHUNKED_WITH_TRAILERS));
    const client = routed.client();
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const text = await client.closed();
    assert.equal(client.closedBy, "end");
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n(?!.*Transfer-Encoding)[^]*Connection: close\r\n\r\nok$/);
  });

  it("keeps its connection if it asks for that, and the length is known", async () => {
    await using routed = await Routed.start({});
    const client = routed.client();
    for (let n = 0; n < 3; n++) {
      const answer = await answerOf(client, "GET / HTTP/1.0\r\nHost: web\r\nConnection: keep-alive\r\n\r\n");
      assert.deepEqual([answer.body, valuesOf(answer, "connection")], ["web", ["keep-alive"]]);
    }
  });

  it("else has one request a connection", async () => {
    await using routed = await Routed.start({});
    const client = routed.client();
    const answer = await answerOf(client, "GET / HTTP/1.0\r\nHost: web\r\n\r\n");
    assert.deepEqual([answer.body, valuesOf(answer, "connection")], ["web", ["close"]]);
    await client.closed();
    assert.equal(client.closedBy, "end");
  });

  it("gets an answer of the proxy's own as the last one", async () => {
    await using routed = await Routed.start({ backends: { "app/web:80": [] } });
    const client = routed.client();
    const answer = await answerOf(client, "GET / HTTP/1.0\r\nHost: web\r\nConnection: keep-alive\r\n\r\n");
    assert.deepEqual([answer.status, valuesOf(answer, "connection")], [503, ["close"]]);
    await client.closed();
  });

  it("gets no interim responses", async () => {
    await using routed = await withBackend(
      bytes("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    );
    const client = routed.client();
    client.send("GET / HTTP/1.0\r\n\r\n");
    assert.ok((await client.closed()).startsWith("HTTP/1.1 200 OK"));
  });
});

describe("interim responses", () => {
  it("are passed on, several of them", async () => {
    const hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    await using routed = await withBackend(
      bytes(`${hints}HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`),
    );
    const client = routed.client();
    client.send(GET);
    const text = await client.until((received) => received.endsWith("ok"));
    assert.ok(text.startsWith(`${hints}HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK`));
  });
});

describe("second opinions", () => {
  it("curl uploads with 100-continue and in chunks", async () => {
    await using routed = await Routed.start({
      rules: [{ retry: { codes: [503], attempts: 1 } }],
      backends: { "app/web:80": [saying("web")] },
    });
    const run = async (...args: readonly string[]): Promise<string> => {
      const url = `http://127.0.0.1:${routed.port}/`;
      return (await promisify(execFile)("curl", ["--silent", "--show-error", ...args, url])).stdout;
    };
    const body = "x".repeat(2_000_000);
    assert.equal(await run("--data", "short"), "web");
    assert.equal(await run("--header", "Expect: 100-continue", "--data", "short"), "web");
    assert.equal(await run("--header", "Transfer-Encoding: chunked", "--data", "chunked"), "web");
    assert.equal(await run("--http1.0", "--data", "old"), "web");
    assert.match(await run("--head"), /^HTTP\/1\.1 200 OK\r\n/);
    assert.deepEqual(
      routed
        .seen()
        .map((seen) => seen.body)
        .filter((text) => text !== ""),
      ["short", "short", "chunked", "old"],
    );
    const answer = await routed.send(requestText("POST", "/", [], body));
    assert.deepEqual([answer.body, routed.seen().at(-1)?.body.length], ["web", body.length]);
  });

  it("a node:http agent keeps its connection over failures, redirects and answers", async () => {
    await using routed = await Routed.start({
      rules: [
        {
          matches: [{ path: { kind: "PathPrefix", value: "/old" }, headers: [], queryParams: [] }],
          filters: [{ kind: "RequestRedirect", redirect: { statusCode: 307 } }],
          backends: [],
        },
        { matches: [{ path: { kind: "PathPrefix", value: "/web" }, headers: [], queryParams: [] }] },
      ],
    });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    const send = (path: string, method: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const request = http.request(
          { port: routed.port, host: "127.0.0.1", path, method, agent },
          (response) => {
            ports.add(response.socket.localPort);
            response.resume().on("end", () => resolve(response.statusCode));
          },
        );
        request.on("error", reject);
        request.end(method === "POST" ? "body" : undefined);
      });
    for (const method of ["GET", "POST", "DELETE"]) {
      for (const [path, status] of [
        ["/old", 307],
        ["/web", 200],
        ["/none", 404],
      ] as const) {
        assert.equal(await send(path, method), status);
      }
    }
    agent.destroy();
    assert.equal(ports.size, 1);
  });
});

describe("answers that begin before the request ends", () => {
  it("close the client's connection, since nobody may read the rest", async () => {
    await using routed = await withBackend({
      raw: (socket) => {
        socket.once("data", () =>
          socket.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno"),
        );
      },
    });
    const client = routed.client();
    client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 10\r\n\r\n01234");
    const answer = await readAnswer(client, 0);
    assert.deepEqual([answer.status, answer.body, valuesOf(answer, "connection")], [413, "no", ["close"]]);
    await client.closed();
    await routed.until(() => routed.harness.telemetry.count("upstreamOpen") === 0);
  });
});
