import assert from "node:assert/strict";
import type net from "node:net";
import type { BoundFilter } from "../../../src/binding/frontend.ts";
import { type RawServer, startRawServer } from "../../support/proxy-harness.ts";
import {
  type Answer,
  answeringStatuses,
  answerOf,
  Routed,
  readAnswer,
  requestText,
  SILENT,
  saying,
  valuesOf,
} from "../../support/routed.ts";

const MIRROR = "app/mirror:80";

function mirrorTo(backend = MIRROR, numerator = 1, denominator = 1): BoundFilter {
  return {
    kind: "RequestMirror",
    target: { kind: "Backend", name: backend },
    fraction: { numerator, denominator },
  };
}

function mirroring(...filters: readonly BoundFilter[]) {
  return {
    backends: { "app/web:80": [saying("web")], [MIRROR]: [saying("mirror")] },
    rules: [{ filters }],
  };
}

/** Sends so many requests one after the other on one connection. */
async function sendMany(routed: Routed, count: number): Promise<void> {
  const client = routed.client();
  for (let n = 0; n < count; n++) assert.equal((await answerOf(client, requestText("GET", "/"))).body, "web");
}

describe("RequestMirror on the wire", () => {
  it("sends a copy to one endpoint and ignores its response", async () => {
    await using routed = await Routed.start({
      backends: {
        "app/web:80": [saying("web")],
        [MIRROR]: [answeringStatuses(500), answeringStatuses(500)],
      },
      rules: [{ filters: [mirrorTo()] }],
    });
    const answer = await routed.get("/a/b?c=d", "X-One: 1", "X-One: 2");
    assert.deepEqual([answer.status, answer.body], [200, "web"]);
    const [copy = { target: "", headers: [] }] = await routed.untilSeen(1, MIRROR);
    assert.equal(copy.target, "/a/b?c=d");
    assert.deepEqual(copy.headers, routed.seen()[0]?.headers);
    assert.equal(routed.seen(MIRROR).length, 1);
    await routed.until(() => routed.harness.telemetry.count("mirrored", "mirror", "sent") === 1);
  });

  it("sends what the backend gets: rewritten, with the route's headers", async () => {
    await using routed = await Routed.start(
      mirroring(
        mirrorTo(),
        {
          kind: "RequestHeaderModifier",
          headers: {
            set: [{ name: "X-Header-Set", value: "set-overwrites-values" }],
            add: [{ name: "X-Header-Add", value: "header-val-1" }],
            remove: ["X-Header-Remove"],
          },
        },
        {
          kind: "URLRewrite",
          rewrite: { hostname: "other.example", path: { kind: "ReplaceFullPath", value: "/new" } },
        },
      ),
    );
    await routed.get("/old?q", "X-Header-Add: orig", "X-Header-Remove: x");
    const [copy = { target: "", headers: [] }] = await routed.untilSeen(1, MIRROR);
    assert.equal(copy.target, "/new?q");
    assert.deepEqual(valuesOf(copy, "host"), ["other.example"]);
    assert.deepEqual(valuesOf(copy, "x-header-set"), ["set-overwrites-values"]);
    assert.deepEqual(valuesOf(copy, "x-header-add"), ["orig,header-val-1"]);
    assert.deepEqual(valuesOf(copy, "x-header-remove"), []);
    assert.deepEqual(copy.headers, routed.seen()[0]?.headers);
  });

  it("mirrors to several backends, each once", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": [saying("web")], "app/m1:80": [saying("1")], "app/m2:80": [saying("2")] },
      rules: [
        {
          filters: [mirrorTo("app/m1:80")],
          backends: [
            { target: { kind: "Backend", name: "app/web:80" }, weight: 1, filters: [mirrorTo("app/m2:80")] },
          ],
        },
      ],
    });
    await sendMany(routed, 3);
    await routed.untilSeen(3, "app/m1:80");
    await routed.untilSeen(3, "app/m2:80");
    await routed.until(() => routed.harness.telemetry.count("mirrored", "sent") === 6);
  });

  const shares = [
    { name: "20 percent", numerator: 20, denominator: 100, share: 0.2 },
    { name: "25/50", numerator: 25, denominator: 50, share: 0.5 },
    { name: "35 percent", numerator: 35, denominator: 100, share: 0.35 },
    { name: "0 percent", numerator: 0, denominator: 100, share: 0 },
    { name: "100 percent", numerator: 100, denominator: 100, share: 1 },
  ];
  for (const c of shares) {
    it(`mirrors ${c.name} of the requests`, async () => {
      await using routed = await Routed.start(mirroring(mirrorTo(MIRROR, c.numerator, c.denominator)));
      await sendMany(routed, 500);
      const { telemetry } = routed.harness;
      const copies = (): number => routed.seen(MIRROR).length;
      await routed.until(() => telemetry.count("mirrored") === copies());
      const tolerance = 5 * Math.sqrt((c.share * (1 - c.share)) / 500);
      assert.ok(Math.abs(copies() / 500 - c.share) <= tolerance, `${copies()} of 500`);
    });
  }

  it("reuses its connections", async () => {
    await using routed = await Routed.start(mirroring(mirrorTo()));
    const client = routed.client();
    for (let n = 1; n <= 20; n++) {
      await answerOf(client, requestText("GET", "/"));
      await routed.until(() => routed.harness.telemetry.count("mirrored", "sent") === n);
    }
    assert.equal(routed.connections(MIRROR), 1);
  });

  const bodies = [
    { name: "a body with a length", text: requestText("POST", "/", [], "0123456789") },
    {
      name: "a chunked body with trailers",
      text: "POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\nTrailer: x-end\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\nX-End: yes\r\n\r\n",
    },
  ];
  for (const c of bodies) {
    it(`copies ${c.name}, in one piece or byte by byte`, async () => {
      await using routed = await Routed.start(mirroring(mirrorTo()));
      await routed.send(c.text);
      const client = routed.client();
      for (const byte of c.text) {
        client.send(byte);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await readAnswer(client, 0);
      const copies = await routed.untilSeen(2, MIRROR);
      const main = routed.seen();
      assert.deepEqual(
        copies.map(({ body, trailers }) => ({ body, trailers })),
        main.map(({ body, trailers }) => ({ body, trailers })),
      );
      assert.equal(copies[1]?.body, "0123456789");
    });
  }

  it("counts a mirror that is down, and answers all the same", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": [saying("web")], [MIRROR]: ["refuses"], "app/none:80": [] },
      rules: [{ filters: [mirrorTo(), mirrorTo("app/none:80")] }],
    });
    await sendMany(routed, 3);
    await routed.until(() => routed.harness.telemetry.count("mirrored", "failed") === 6);
  });

  it("mirrors nothing to an invalid target", async () => {
    const target = { kind: "Invalid", reason: "BackendNotFound", message: "no" } as const;
    const filter: BoundFilter = { kind: "RequestMirror", target, fraction: { numerator: 1, denominator: 1 } };
    await using routed = await Routed.start(mirroring(filter));
    await sendMany(routed, 2);
    assert.equal(routed.harness.telemetry.count("mirrored"), 0);
  });

  it("does not mirror what is answered without a backend", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": [], [MIRROR]: [saying("mirror")] },
      rules: [{ filters: [mirrorTo()] }],
    });
    assert.equal((await routed.get("/")).status, 503);
    assert.equal(routed.harness.telemetry.count("mirrored"), 0);
  });

  it("does not mirror upgrades", async () => {
    await using routed = await Routed.start(mirroring(mirrorTo()));
    await routed.get("/", "Connection: upgrade", "Upgrade: websocket");
    await routed.until(() => routed.harness.telemetry.count("mirrored", "dropped") === 1);
    assert.equal(routed.seen(MIRROR).length, 0);
  });

  it("sends one copy of a request that is retried", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": [answeringStatuses(503, 503, 200)], [MIRROR]: [saying("mirror")] },
      rules: [{ filters: [mirrorTo()], retry: { codes: [503], attempts: 3, backoffMs: 1 } }],
    });
    assert.equal((await routed.send(requestText("POST", "/", [], "body"))).status, 200);
    assert.equal(routed.seen().length, 3);
    await routed.until(() => routed.harness.telemetry.count("mirrored", "sent") === 1);
    assert.deepEqual(
      routed.seen(MIRROR).map(({ body }) => body),
      ["body"],
    );
  });
});

/** A proxy whose mirror is a raw peer. */
async function withRawMirror(
  mirror: RawServer,
  limits: { readonly mirrorTimeoutMs?: number } = {},
): Promise<Routed> {
  const routed = await Routed.start({ backends: { "app/web:80": [saying("web")], [MIRROR]: [] }, limits });
  routed.harness.configure({
    backends: { "app/web:80": routed.ports("app/web:80"), [MIRROR]: [mirror.port] },
    rules: [{ filters: [mirrorTo()] }],
  });
  return routed;
}

describe("a mirror that misbehaves", () => {
  it("is given up when it does not take a large body, which the backend gets whole", async () => {
    await using mirror = await startRawServer((socket) => socket.pause());
    await using routed = await withRawMirror(mirror);
    const body = "x".repeat(16 << 20);
    const answer = await routed.send(requestText("POST", "/", [], body));
    assert.equal(answer.body, "web");
    assert.equal(routed.seen()[0]?.body.length, body.length);
    assert.equal(routed.harness.telemetry.count("mirrored", "mirror", "dropped"), 1);
  });

  it("is given up after its time, and holds up nothing", async () => {
    await using mirror = await startRawServer(() => undefined);
    await using routed = await withRawMirror(mirror, { mirrorTimeoutMs: 100 });
    assert.equal((await routed.get("/")).body, "web");
    await routed.until(() => routed.harness.telemetry.count("mirrored", "mirror", "failed") === 1);
  });

  const peers = [
    {
      name: "resets",
      peer: (socket: net.Socket) => socket.once("data", () => socket.resetAndDestroy()),
    },
    { name: "closes", peer: (socket: net.Socket) => socket.once("data", () => socket.end()) },
    {
      name: "speaks nonsense",
      peer: (socket: net.Socket) => socket.once("data", () => socket.write("nonsense\r\n\r\n")),
    },
  ];
  for (const c of peers) {
    it(`that ${c.name} is counted and does no harm`, async () => {
      await using mirror = await startRawServer((socket) => void c.peer(socket));
      await using routed = await withRawMirror(mirror);
      const client = routed.client();
      const answers: Answer[] = [];
      for (let n = 0; n < 3; n++) answers.push(await answerOf(client, requestText("POST", "/", [], "body")));
      assert.deepEqual(
        answers.map(({ body }) => body),
        ["web", "web", "web"],
      );
      await routed.until(() => routed.harness.telemetry.count("mirrored", "mirror", "failed") === 3);
    });
  }

  it("gets no end of a request that the client breaks off", async () => {
    let received = "";
    let isOver = false;
    await using mirror = await startRawServer((socket) => {
      socket.on("data", (chunk) => (received += chunk.toString("latin1")));
      socket.on("close", () => (isOver = true));
      socket.on("end", () => socket.end());
    });
    await using routed = await withRawMirror(mirror);
    const client = routed.client();
    client.send("POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n");
    await routed.until(() => received.endsWith("01234\r\n"));
    client.socket.resetAndDestroy();
    await routed.until(() => isOver);
    assert.ok(!received.includes("\r\n0\r\n"));
    assert.equal(routed.harness.telemetry.count("mirrored", "mirror", "dropped"), 1);
  });

  it("does not slow down a backend that is silent", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": [SILENT], [MIRROR]: [saying("mirror")] },
      rules: [{ filters: [mirrorTo()], timeouts: { requestMs: 50 } }],
    });
    assert.equal((await routed.get("/")).status, 504);
    assert.equal((await routed.untilSeen(1, MIRROR)).length, 1);
  });

  it("copies nothing while too many copies are under way", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": [saying("web")], [MIRROR]: [SILENT] },
      rules: [{ filters: [mirrorTo()] }],
      limits: { mirrors: 3 },
    });
    await sendMany(routed, 10);
    const { telemetry, proxy } = routed.harness;
    assert.equal(telemetry.count("mirrored", "mirror", "dropped"), 7);
    assert.equal(proxy.activity.mirrors, 3);
    assert.equal((await routed.untilSeen(3, MIRROR)).length, 3);
  });
});
