import assert from "node:assert/strict";
import { type EventEmitter, once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import {
  type AddressInfo,
  connect as connectTcp,
  createServer as createTcpServer,
  type Socket,
} from "node:net";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { status } from "@grpc/grpc-js";
import { DELTA_METHOD, typeUrl } from "../../../src/discovery/resource-types.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { FakeCertificates, ServerFixture, SidecarClient } from "./server-harness.ts";

const identity = { namespace: "shop", pod: "cart-1", serviceAccount: "cart" };

describe("the discovery server", () => {
  let authority: TestAuthority;

  before(async () => {
    authority = await TestAuthority.create();
  });

  function tls(fixture: ServerFixture, options: ConnectionOptions = {}): TLSSocket {
    const socket = connectTls({
      host: "127.0.0.1",
      port: fixture.server.port,
      ca: authority.certificate,
      ALPNProtocols: ["h2"],
      ...options,
    });
    socket.on("error", () => {});
    return socket;
  }

  function tcp(fixture: ServerFixture): Socket {
    const socket = connectTcp(fixture.server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.resume();
    return socket;
  }

  async function http2(fixture: ServerFixture): Promise<ClientHttp2Session> {
    const socket = tls(fixture);
    await once(socket, "secureConnect");
    const session = connectHttp2("https://localhost", { createConnection: () => socket });
    session.on("error", () => {});
    return session;
  }

  /** Whatever went wrong before. */
  function closed(what: EventEmitter): Promise<unknown> {
    return new Promise((resolve) => {
      what.once("close", resolve);
    });
  }

  it("tells a sidecar what it asks for, and what becomes of it", async () => {
    await using fixture = await ServerFixture.start(authority);
    fixture.catalogue.put("Backend", "a", "a1");
    const client = fixture.connect();
    client.subscribe("Backend", "a", "x");
    assert.deepEqual(await client.nextContents(), { a: "a1" });
    assert.deepEqual(await client.nextContents(), { x: "-" });
    fixture.catalogue.put("Backend", "a", "a2");
    fixture.publish("a");
    assert.deepEqual(await client.nextContents(), { a: "a2" });
    assert.deepEqual(fixture.hub.openSessions[0]?.identity, identity);
    client.call.end();
    assert.equal((await client.status).code, status.OK);
    assert.equal(fixture.hub.sessionCount, 0);
    assert.deepEqual(fixture.told, []);
  });

  it("says that a sidecar is in before there is anything to tell", async () => {
    await using fixture = await ServerFixture.start(authority);
    await fixture.connect().metadata;
  });

  it("does not start where the address is taken", async () => {
    await using fixture = await ServerFixture.start(authority);
    await assert.rejects(ServerFixture.start(authority, { port: fixture.server.port }), {
      code: "EADDRINUSE",
    });
  });

  describe("refuses the token", () => {
    const cases = [
      { name: "that is none", token: undefined, reason: "no token" },
      { name: "that is refused", token: "wrong-audience", reason: "wrong-audience" },
    ];
    for (const { name, token, reason } of cases) {
      it(name, async () => {
        await using fixture = await ServerFixture.start(authority);
        // `undefined` would be a good one.
        const client = token === undefined ? fixture.connect("") : fixture.connect(token);
        client.subscribe("Backend", "a");
        const { code, details } = await client.status;
        assert.deepEqual([code, details], [status.UNAUTHENTICATED, reason]);
        assert.deepEqual(fixture.told, [`token ${reason}`]);
        assert.equal(fixture.hub.sessionCount, 0);
      });
    }

    it("that has expired", async () => {
      await using fixture = await ServerFixture.start(authority, {
        authenticate: async () => ({ kind: "ok", identity, expiresAtMs: Date.now() }),
      });
      assert.equal((await fixture.connect().status).code, status.UNAUTHENTICATED);
      assert.deepEqual(fixture.told, ["token the token has expired"]);
    });
  });

  it("turns sidecars away while tokens can't be checked", async () => {
    await using fixture = await ServerFixture.start(authority, {
      authenticate: () => Promise.reject(new Error("no API server")),
    });
    assert.equal((await fixture.connect().status).code, status.UNAVAILABLE);
    assert.deepEqual(fixture.told, ["failure no API server"]);
  });

  it("does not wait for ever for a token to be checked", async () => {
    await using fixture = await ServerFixture.start(authority, {
      authenticate: () => Promise.withResolvers<never>().promise,
      limits: { authenticationTimeoutMs: 20 },
    });
    assert.equal((await fixture.connect().status).code, status.UNAVAILABLE);
    assert.deepEqual(fixture.told, ["failure took too long"]);
  });

  it("survives a client that goes while its token is checked", async () => {
    const started = Promise.withResolvers<void>();
    const checked = Promise.withResolvers<void>();
    await using fixture = await ServerFixture.start(authority, {
      authenticate: async () => {
        started.resolve();
        await checked.promise;
        return { kind: "ok", identity, expiresAtMs: Date.now() + 1000 };
      },
    });
    const session = await http2(fixture);
    session.request({ ":method": "POST", ":path": DELTA_METHOD, "content-type": "application/grpc" });
    const leaving = fixture.connect();
    await started.promise;
    leaving.close();
    session.destroy();
    await leaving.status;
    checked.resolve();
    await checked.promise;
    assert.equal(fixture.hub.sessionCount, 0);
  });

  it("ends a stream before its token expires, without blame", async () => {
    await using fixture = await ServerFixture.start(authority, {
      authenticate: async () => ({ kind: "ok", identity, expiresAtMs: Date.now() + 100 }),
    });
    const client = fixture.connect();
    client.subscribe("Backend", "a");
    const { code, details } = await client.status;
    assert.equal(code, status.OK, details);
    assert.equal(fixture.hub.sessionCount, 0);
  });

  describe("accepts no connection", () => {
    it("in plain text", async () => {
      await using fixture = await ServerFixture.start(authority);
      for (const text of ["GET /metrics HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\0"]) {
        const socket = tcp(fixture);
        socket.write(text);
        await closed(socket);
      }
      assert.deepEqual(fixture.told, Array<string>(3).fill("connection plain-text"));
    });

    it("of TLS 1.2", async () => {
      await using fixture = await ServerFixture.start(authority);
      const socket = tls(fixture, { maxVersion: "TLSv1.2" });
      const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
      assert.match(error.code ?? "", /PROTOCOL_VERSION/);
      assert.deepEqual(await fixture.toldOf(1), ["connection handshake"]);
    });

    it("that breaks off its handshake", async () => {
      await using fixture = await ServerFixture.start(authority);
      const socket = tcp(fixture);
      socket.write(Uint8Array.of(0x16, 3, 1, 0, 100, 1, 0, 0, 96, ...Array<number>(96).fill(7)));
      await closed(socket);
      assert.deepEqual(await fixture.toldOf(1), ["connection handshake"]);
    });

    for (const ALPNProtocols of [undefined, ["http/1.1"]]) {
      it(`that asks for ${ALPNProtocols?.[0] ?? "no protocol"}`, async () => {
        await using fixture = await ServerFixture.start(authority);
        const socket = connectTls({
          host: "127.0.0.1",
          port: fixture.server.port,
          ca: authority.certificate,
          ...(ALPNProtocols !== undefined && { ALPNProtocols }),
        });
        socket.on("error", () => {});
        await closed(socket);
        const [reason] = await fixture.toldOf(1);
        assert.ok(["connection no-http2", "connection handshake"].includes(reason ?? ""));
      });
    }

    it("that is silent", async () => {
      await using fixture = await ServerFixture.start(authority, { limits: { handshakeTimeoutMs: 20 } });
      await closed(tcp(fixture));
      assert.deepEqual(fixture.told, ["connection timeout"]);
    });

    it("that closes without a word", async () => {
      await using fixture = await ServerFixture.start(authority);
      const socket = tcp(fixture);
      socket.end();
      await closed(socket);
      assert.deepEqual(fixture.told, []);
    });

    it("beyond the number that it may have", async () => {
      await using fixture = await ServerFixture.start(authority, { limits: { connections: 1 } });
      const session = await http2(fixture);
      await closed(tcp(fixture));
      assert.deepEqual(fixture.told, ["connection too-many"]);
      session.destroy();
      await closed(session);
    });

    it("that has no stream for long", async () => {
      await using fixture = await ServerFixture.start(authority, { limits: { idleMs: 20 } });
      const session = await http2(fixture);
      await closed(session);
    });

    it("without a certificate", async () => {
      const certificates = new FakeCertificates();
      await using fixture = await ServerFixture.start(authority, { certificates });
      await closed(tls(fixture));
      assert.deepEqual(fixture.told, ["connection no-certificate"]);
      certificates.change(await authority.certify(["localhost", "127.0.0.1"]));
      await fixture.connect().metadata;
    });
  });

  it("changes its certificate for new connections, and lets others be", async () => {
    const certificates = new FakeCertificates(await authority.certify(["localhost", "127.0.0.1"]));
    const fixture = await ServerFixture.start(authority, { certificates });
    const other = await TestAuthority.create();
    const before = fixture.connect();
    await before.metadata;
    certificates.change({ chain: "none", key: "none" });
    assert.deepEqual(fixture.told, ["bad certificate"]);
    await fixture.connect().metadata;
    certificates.change(await other.certify(["localhost", "127.0.0.1"]));
    await fixture.connect("good", { ca: other.certificate }).metadata;
    before.subscribe("Backend", "a");
    assert.deepEqual(await before.nextContents(), { a: "-" });
    await fixture[Symbol.asyncDispose]();
    assert.equal(certificates.listeners, 0);
  });

  describe("does not understand", () => {
    it("a message that is none", async () => {
      await using fixture = await ServerFixture.start(authority);
      const client = fixture.connect();
      client.call.write(Uint8Array.of(255, 255));
      assert.equal((await client.status).code, status.INVALID_ARGUMENT);
    });

    it("a message that is too long", async () => {
      await using fixture = await ServerFixture.start(authority);
      const client = fixture.connect();
      client.call.write(new Uint8Array(2 * 1_048_576 + 1));
      assert.equal((await client.status).code, status.RESOURCE_EXHAUSTED);
    });

    it("more than a sidecar may ask for", async () => {
      await using fixture = await ServerFixture.start(authority);
      const client = fixture.connect();
      client.subscribe("Backend", "a".repeat(257));
      assert.equal((await client.status).code, status.RESOURCE_EXHAUSTED);
    });

    it("other methods, and what is no gRPC", async () => {
      await using fixture = await ServerFixture.start(authority);
      const session = await http2(fixture);
      const answer = async (path: string, type: string): Promise<unknown> => {
        const stream = session.request({ ":method": "POST", ":path": path, "content-type": type });
        const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
        stream.close();
        return headers["grpc-status"] ?? headers[":status"];
      };
      assert.equal(await answer("/other/Method", "application/grpc"), "12");
      assert.equal(await answer(DELTA_METHOD, "text/plain"), 415);
      session.close();
    });
  });

  it("has few streams of one pod, and takes another when one is over", async () => {
    await using fixture = await ServerFixture.start(authority, { limits: { streamsPerPod: 2 } });
    const first = fixture.connect();
    await Promise.all([first.metadata, fixture.connect().metadata]);
    const { code, details } = await fixture.connect().status;
    assert.deepEqual([code, details], [status.RESOURCE_EXHAUSTED, "more than 2 streams of one pod"]);
    first.close();
    while (fixture.hub.sessionCount > 1) await new Promise(setImmediate);
    await fixture.connect().metadata;
  });

  for (const code of [status.OK, status.RESOURCE_EXHAUSTED]) {
    it(`counts no stream any more that it ended itself, with status ${code}`, async () => {
      await using fixture = await ServerFixture.start(authority, { limits: { streamsPerPod: 1 } });
      for (let n = 0; n < 3; n++) {
        const client = fixture.connect();
        await client.metadata;
        fixture.hub.openSessions[0]?.end({ code, message: "over" });
        assert.equal((await client.status).code, code);
      }
    });
  }

  it("lets a sidecar wait that asks too often, and answers all of it", async () => {
    await using fixture = await ServerFixture.start(authority);
    const client = fixture.connect();
    for (let n = 0; n < 1050; n++) client.request({ typeUrl: typeUrl("Backend") });
    client.subscribe("Backend", "a");
    assert.deepEqual(await client.nextContents(), { a: "-" });
  });

  it("keeps nothing for a sidecar that does not read, and then tells the latest", async () => {
    await using fixture = await ServerFixture.start(authority);
    const names = Array.from({ length: 40 }, (_, n) => `b${n}`);
    const put = (round: number): void => {
      for (const name of names) fixture.catalogue.put("Backend", name, `${round}`.padEnd(100_000));
    };
    put(0);
    const client = fixture.connect();
    await client.metadata;
    client.call.pause();
    client.subscribe("Backend", ...names);
    while ((fixture.hub.openSessions[0]?.view().behindForMs ?? 0) === 0) await new Promise(setImmediate);
    const lookups = fixture.catalogue.lookups;
    assert.ok(lookups < names.length, `${lookups} of them looked up`);
    for (let round = 1; round <= 50; round++) {
      put(round);
      fixture.publish(...names);
    }
    assert.equal(fixture.catalogue.lookups, lookups);
    client.call.resume();
    const latest = new Map<string, string>();
    const isLatest = (): boolean => names.every((name) => latest.get(name) === "50");
    let responses = 0;
    while (!isLatest()) {
      responses++;
      for (const [name, content] of Object.entries(await client.nextContents()))
        latest.set(name, content.trim());
    }
    assert.ok(responses < 12, `${responses} responses`);
  });

  it("finds out that a client is no more", async () => {
    await using fixture = await ServerFixture.start(authority, {
      limits: { keepaliveMs: 20, keepaliveTimeoutMs: 20 },
    });
    // Between the two, till it is no more.
    const relay = createTcpServer((near) => {
      const far = tcp(fixture);
      near.on("error", () => {});
      near.on("data", (bytes) => far.write(bytes));
      far.on("data", (bytes) => near.write(bytes));
      cut.push(near, far);
    });
    const cut: Socket[] = [];
    relay.listen(0, "127.0.0.1");
    await once(relay, "listening");
    const { port } = relay.address() as AddressInfo;
    const client = new SidecarClient(port, authority.certificate, "good");
    await client.metadata;
    assert.equal(fixture.hub.sessionCount, 1);
    for (const socket of cut) socket.pause();
    while (fixture.server.connectionCount > 0) await new Promise(setImmediate);
    assert.equal(fixture.hub.sessionCount, 0);
    client.close();
    for (const socket of cut) socket.destroy();
    relay.close();
  });

  describe("on shutdown", () => {
    it("sends all elsewhere and is gone", async () => {
      await using fixture = await ServerFixture.start(authority);
      const clients = Array.from({ length: 5 }, () => fixture.connect());
      await Promise.all(clients.map((client) => client.metadata));
      const idle = await http2(fixture);
      const done = fixture.server.shutdown(50);
      const statuses = await Promise.all(clients.map((client) => client.status));
      assert.deepEqual(
        statuses.map(({ code, details }) => `${code} ${details}`),
        Array<string>(5).fill("14 this replica shuts down: use another one"),
      );
      await done;
      const refused = tcp(fixture);
      const [error] = (await once(refused, "error")) as [NodeJS.ErrnoException];
      assert.equal(error.code, "ECONNREFUSED");
      idle.destroy();
      assert.equal(fixture.server.shutdown(0), done);
    });

    it("takes in no stream that comes meanwhile", async () => {
      const asked = Promise.withResolvers<void>();
      const checked = Promise.withResolvers<void>();
      await using fixture = await ServerFixture.start(authority, {
        authenticate: async () => {
          asked.resolve();
          await checked.promise;
          return { kind: "ok", identity, expiresAtMs: Date.now() + 60_000 };
        },
      });
      const session = await http2(fixture);
      const stream = session.request({
        ":method": "POST",
        ":path": DELTA_METHOD,
        "content-type": "application/grpc",
        authorization: "Bearer good",
      });
      await asked.promise;
      const done = fixture.server.shutdown(0);
      checked.resolve();
      const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
      assert.equal(headers["grpc-status"], "14");
      stream.resume();
      stream.end();
      await done;
      session.destroy();
    });

    it("cuts off who does not let go", async () => {
      await using fixture = await ServerFixture.start(authority, { limits: { endTimeoutMs: 50 } });
      fixture.catalogue.put("Backend", "a", "a".repeat(3_000_000));
      const client = fixture.connect();
      await client.metadata;
      client.call.pause();
      client.subscribe("Backend", "a");
      while ((fixture.hub.openSessions[0]?.view().behindForMs ?? 0) === 0) await new Promise(setImmediate);
      await fixture.server.shutdown(0);
      assert.equal(fixture.server.connectionCount, 0);
    });
  });
});
