import assert from "node:assert/strict";
import dns from "node:dns";
import { once } from "node:events";
import { constants, type ServerHttp2Stream } from "node:http2";
import { syncBuiltinESMExports } from "node:module";
import type { DeltaRequest } from "../../../../src/discovery/client/client-ports.ts";
import { GrpcTransport } from "../../../../src/discovery/client/transport/grpc-transport.ts";
import { typeUrl } from "../../../../src/discovery/resource-types.ts";
import type { ServedCertificate } from "../../../../src/discovery/server/tls-listener.ts";
import { TestAuthority } from "../../../support/certificates.ts";
import { startDeafServer } from "../../../support/deaf-server.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { TcpRelay } from "../tcp-relay.ts";
import { certified, endWith, GrpcController, HeardStream, HOST, status } from "./grpc-controller.ts";
import { Http2Controller } from "./http2-controller.ts";

const subscription: DeltaRequest = {
  type: "Frontend",
  subscribe: ["10.96.0.1:80"],
  unsubscribe: [],
  initialVersions: new Map([["10.96.0.1:80", "v1"]]),
  nonce: "",
  error: undefined,
};

const refusal: DeltaRequest = {
  type: "Backend",
  subscribe: [],
  unsubscribe: ["a/b:80"],
  initialVersions: new Map(),
  nonce: "7",
  error: "is wrong",
};

function responseOf(names: readonly string[], bytes = 3): Parameters<GrpcController["calls"][0]["write"]>[0] {
  return {
    systemVersionInfo: "",
    typeUrl: typeUrl("Backend"),
    nonce: "n1",
    removedResources: ["gone"],
    resources: names.map((name) => ({
      name,
      version: "v1",
      resource: { typeUrl: typeUrl("Backend"), value: new Uint8Array(bytes).fill(7) },
    })),
  };
}

describe("the gRPC transport", () => {
  let authority: TestAuthority;
  let certificate: ServedCertificate;

  before(async () => {
    ({ authority, certificate } = await certified());
  });

  it("speaks with a gRPC server over TLS", async () => {
    await using server = await GrpcController.start(certificate);
    using client = new HeardStream({ port: server.port, ca: authority.certificate });
    assert.equal(client.stream.send(subscription), true);
    const [first] = await server.received(1);
    const call = await server.call();
    assert.deepEqual(call.metadata.get("authorization"), ["Bearer the-token"]);
    assert.deepEqual(call.metadata.get("user-agent"), ["eastbound/0.1.0"]);
    assert.deepEqual(
      [first?.typeUrl, first?.resourceNamesSubscribe, first?.initialResourceVersions],
      [typeUrl("Frontend"), ["10.96.0.1:80"], new Map([["10.96.0.1:80", "v1"]])],
    );
    assert.deepEqual([first?.node?.id, first?.node?.userAgentName], ["ns/pod", "eastbound"]);
    call.write(responseOf(["a", "b"]));
    await client.next("open");
    const { response } = await client.next("response");
    assert.deepEqual(response, {
      type: "Backend",
      nonce: "n1",
      resources: ["a", "b"].map((name) => ({ name, version: "v1", bytes: new Uint8Array([7, 7, 7]) })),
      removed: ["gone"],
    });
    assert.deepEqual(
      response.resources.map(({ bytes }) => bytes.buffer.byteLength),
      [3, 3],
      "they keep nothing else in memory",
    );
    client.stream.send(refusal);
    const [, second] = await server.received(2);
    assert.deepEqual(
      [second?.node, second?.responseNonce, second?.resourceNamesUnsubscribe, second?.errorDetail?.code],
      [undefined, "7", ["a/b:80"], 3],
    );
    assert.equal(second?.errorDetail?.message, "is wrong");
  });

  it("takes large responses, and passes over types that it did not ask for", async () => {
    await using server = await GrpcController.start(certificate);
    using client = new HeardStream({ port: server.port, ca: authority.certificate });
    client.stream.send(subscription);
    const call = await server.call();
    call.write({ ...responseOf(["a"]), typeUrl: "type.googleapis.com/other" });
    call.write(responseOf(["large"], 3_000_000));
    const { response } = await client.next("response");
    assert.deepEqual(
      [response.resources[0]?.name, response.resources[0]?.bytes.length],
      ["large", 3_000_000],
    );
  });

  for (const { name, end, expected } of [
    {
      name: "UNAVAILABLE as a request to go elsewhere",
      end: (call: GrpcController["calls"][0]) => endWith(call, status.UNAVAILABLE, "shutting down – bye"),
      expected: {
        kind: "moved",
        message: "the controller ended the stream: UNAVAILABLE, shutting down – bye",
      },
    },
    {
      name: "OK as a request to come again",
      end: (call: GrpcController["calls"][0]) => call.end(),
      expected: { kind: "moved", message: "the controller ended the stream: OK, OK" },
    },
    {
      name: "UNAUTHENTICATED as a failure",
      end: (call: GrpcController["calls"][0]) => endWith(call, status.UNAUTHENTICATED, "token expired"),
      expected: {
        kind: "failed",
        message: "the controller ended the stream: UNAUTHENTICATED, token expired",
      },
    },
  ]) {
    it(`takes ${name}`, async () => {
      await using server = await GrpcController.start(certificate);
      using client = new HeardStream({ port: server.port, ca: authority.certificate });
      client.stream.send(subscription);
      const call = await server.call();
      call.write(responseOf(["a"]));
      await client.next("response");
      end(call);
      assert.deepEqual(await client.end(), expected);
    });
  }

  it("takes an answer that is trailers only", async () => {
    await using server = await GrpcController.start(certificate, {}, (call) => {
      endWith(call, status.PERMISSION_DENIED, "");
    });
    using client = new HeardStream({ port: server.port, ca: authority.certificate });
    const message = "the controller ended the stream: PERMISSION_DENIED";
    assert.deepEqual(await client.end(), { kind: "failed", message });
    assert.deepEqual(
      client.heard.map(({ kind }) => kind),
      ["end"],
    );
  });

  it("takes GOAWAY as a request to go elsewhere", async () => {
    await using server = await GrpcController.start(certificate);
    using client = new HeardStream({ port: server.port, ca: authority.certificate });
    client.stream.send(subscription);
    const call = await server.call();
    call.write(responseOf(["a"]));
    await client.next("response");
    const down = server.shutDown();
    const { kind, message } = await client.end();
    assert.deepEqual([kind, message.includes("GOAWAY")], ["moved", true]);
    await down;
  });

  it("tells that the server is gone", async () => {
    await using server = await GrpcController.start(certificate);
    const relay = await TcpRelay.start(server.port);
    using client = new HeardStream({ port: relay.port, ca: authority.certificate });
    client.stream.send(subscription);
    (await server.call()).write(responseOf(["a"]));
    await client.next("response");
    await relay[Symbol.asyncDispose]();
    assert.equal((await client.end()).kind, "failed");
  });

  describe("refuses", () => {
    it("a server whose certificate is from another authority", async () => {
      await using server = await GrpcController.start(certificate);
      const other = await TestAuthority.create();
      using client = new HeardStream({ port: server.port, ca: other.certificate });
      const { kind, message } = await client.end();
      assert.equal(kind, "failed");
      assert.match(message, /unable to verify|self-signed|unable to get/);
      assert.equal(server.calls.length, 0);
    });

    it("a certificate for another name", async () => {
      await using server = await GrpcController.start(await authority.certify(["other.ns.svc"]));
      using client = new HeardStream({ port: server.port, ca: authority.certificate });
      assert.match((await client.end()).message, /does not match certificate's altnames/);
      assert.equal(server.calls.length, 0);
    });

    it("a certificate that is expired", async () => {
      await using server = await GrpcController.start(await authority.certify([HOST], -1_000));
      using client = new HeardStream({ port: server.port, ca: authority.certificate });
      assert.match((await client.end()).message, /expired/);
      assert.equal(server.calls.length, 0);
    });

    it("a server that speaks plain text", async () => {
      await using server = await GrpcController.start(undefined);
      using client = new HeardStream({ port: server.port, ca: authority.certificate });
      assert.equal((await client.end()).kind, "failed");
      assert.equal(server.calls.length, 0);
    });
  });

  it("takes the old and the new authority of a bundle", async () => {
    const next = await TestAuthority.create();
    await using server = await GrpcController.start(await next.certify([HOST]));
    const ca = `${authority.certificate}\n${next.certificate}`;
    using client = new HeardStream({ port: server.port, ca });
    client.stream.send(subscription);
    assert.equal((await server.received(1)).length, 1);
  });

  it("takes an IP address for the controller's name", async () => {
    await using server = await GrpcController.start(await authority.certify(["127.0.0.1"]));
    using client = new HeardStream({ port: server.port, ca: authority.certificate, host: "127.0.0.1" });
    client.stream.send(subscription);
    assert.equal((await server.received(1)).length, 1);
  });

  for (const { name, options, message } of [
    { name: "there is no token", options: { token: "none" }, message: /the token can't be read: ENOENT/ },
    { name: "the token is empty", options: { token: "\n" }, message: /holds no token/ },
    { name: "the token has a line break", options: { token: "a\r\nb: c" }, message: /holds no token/ },
    { name: "the CA is none", options: { ca: "nothing" }, message: /holds no certificate/ },
    {
      name: "the CA can't be read",
      options: { ca: "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n" },
      message: /./,
    },
  ]) {
    it(`fails where ${name}`, async () => {
      using client = new HeardStream({ port: 9, ca: authority.certificate, ...options });
      const end = await client.end();
      assert.equal(end.kind, "failed");
      assert.match(end.message, message);
    });
  }

  it("fails where nobody listens", async () => {
    const server = await GrpcController.start(certificate);
    await server[Symbol.asyncDispose]();
    using client = new HeardStream({ port: server.port, ca: authority.certificate });
    assert.match((await client.end()).message, /ECONNREFUSED/);
  });

  it("says nothing after it was closed, in whatever state", async () => {
    await using server = await GrpcController.start(certificate);
    using early = new HeardStream({ port: server.port, ca: authority.certificate });
    early.stream.close();
    early.stream.send(subscription);
    using late = new HeardStream({ port: server.port, ca: authority.certificate });
    late.stream.send(subscription);
    const call = await server.call();
    const cancelled = once(call, "cancelled");
    late.stream.close();
    assert.equal(late.stream.send(subscription), true);
    await cancelled;
    assert.deepEqual([early.heard, late.heard, server.calls.length], [[], [], 1]);
  });

  describe("with a peer that", () => {
    it("does not accept the connection goes on to the next soon", async () => {
      await using deaf = await startDeafServer();
      using client = new HeardStream({ port: deaf.port, ca: authority.certificate });
      await client.clock.nextTimer();
      client.clock.advance(2_999);
      assert.deepEqual(client.heard, []);
      client.clock.advance(1);
      const { message } = await client.end();
      assert.equal(message, "127.0.0.1 does not accept the connection");
    });

    it("answers pings stays connected, and one that does not is given up", async () => {
      await using server = await GrpcController.start(certificate);
      await using relay = await TcpRelay.start(server.port);
      using client = new HeardStream({ port: relay.port, ca: authority.certificate });
      client.stream.send(subscription);
      (await server.call()).write(responseOf(["a"]));
      await client.next("response");
      for (let i = 0; i < 3; i++) {
        client.clock.advance(10_000);
        await client.clock.nextTimer();
      }
      relay.freeze();
      client.clock.advance(10_000);
      client.clock.advance(7_999);
      assert.equal(client.heard.at(-1)?.kind, "response");
      client.clock.advance(1);
      assert.deepEqual(await client.end(), {
        kind: "failed",
        message: "the controller does not answer any more",
      });
      assert.equal(client.clock.timers, 0);
    });

    it("reads slowly makes the sender wait, and be told when there is room", async () => {
      await using server = await GrpcController.start(certificate);
      await using relay = await TcpRelay.start(server.port);
      using client = new HeardStream({ port: relay.port, ca: authority.certificate });
      client.stream.send(subscription);
      const call = await server.call();
      call.write(responseOf(["a"]));
      await client.next("response");
      call.pause();
      const large = { ...refusal, error: "x".repeat(100_000) };
      let sent = 1;
      while (client.stream.send(large)) sent++;
      call.write(responseOf(["b"]));
      call.resume();
      await client.next("writable");
      const { response } = await client.next("response");
      assert.equal(response.resources[0]?.name, "b");
      assert.equal((await server.received(sent + 1)).length, sent + 1);
    });
  });

  describe("with a server that is not well", () => {
    for (const { name, answer, expected } of [
      {
        name: "answers as a web server",
        answer: (s) => s.respond({ ":status": 404, "content-type": "text/html" }, { endStream: true }),
        expected: `what answers is no controller: HTTP status 404, content type "text/html"`,
      },
      {
        name: "announces too much",
        answer: (s) => {
          s.respond({ ":status": 200, "content-type": "application/grpc" });
          s.write(Buffer.from([0, 0, 0x40, 0, 1]));
        },
        expected: "the controller sent a message of 4194305 bytes, more than 4194304",
      },
      {
        name: "compresses",
        answer: (s) => {
          s.respond({ ":status": 200, "content-type": "application/grpc" });
          s.write(Buffer.from([1, 0, 0, 0, 0]));
        },
        expected: "the controller sent a compressed message, which it was not offered",
      },
      {
        name: "sends what is no message",
        answer: (s) => {
          s.respond({ ":status": 200, "content-type": "application/grpc" });
          s.write(Buffer.from([0, 0, 0, 0, 2, 0x0a, 0x7f]));
        },
        expected: "the controller sent what is no response: premature EOF",
      },
      {
        name: "resets the stream",
        answer: (s) => s.close(constants.NGHTTP2_REFUSED_STREAM),
        expected: "Stream closed with error code NGHTTP2_REFUSED_STREAM",
      },
      {
        name: "ends without a status",
        answer: (s) => {
          s.respond({ ":status": 200, "content-type": "application/grpc" });
          s.end();
        },
        expected: "the stream was reset (code 0)",
      },
      {
        name: "has an unreadable status",
        answer: (s) => {
          s.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
          s.on("wantTrailers", () => s.sendTrailers({ "grpc-status": "99", "grpc-message": "%zz" }));
          s.end();
        },
        expected: "the controller ended the stream: status 99, %zz",
      },
    ] as readonly BadServer[]) {
      it(`fails where it ${name}`, async () => {
        await using server = await Http2Controller.start(certificate, answer);
        using client = new HeardStream({ port: server.port, ca: authority.certificate });
        client.stream.send(subscription);
        assert.deepEqual(await client.end(), { kind: "failed", message: expected });
      });
    }

    it("fails where GOAWAY tells of an error", async () => {
      await using server = await Http2Controller.start(certificate, (stream) => {
        stream.respond({ ":status": 200, "content-type": "application/grpc" });
        stream.session?.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      });
      using client = new HeardStream({ port: server.port, ca: authority.certificate });
      assert.equal((await client.end()).kind, "failed");
    });
  });

  describe("finds the addresses", () => {
    const transport = (host: string): GrpcTransport =>
      new GrpcTransport({
        host,
        port: 1,
        caFile: "",
        tokenFile: "",
        clock: new ManualClock(),
        node: { id: "", version: "" },
      });

    it("of an address", async () => {
      assert.deepEqual(await transport("127.0.0.9").resolve(), ["127.0.0.9"]);
      assert.deepEqual(await transport("::1").resolve(), ["::1"]);
    });

    it("of a name, each once", async () => {
      const addresses = await transport("localhost").resolve();
      assert.ok(addresses.length > 0);
      assert.equal(new Set(addresses).size, addresses.length);
    });

    it("that it knows, while DNS can't be asked, with one look-up at a time", async () => {
      const real = dns.lookup;
      type Reply = (error: Error | null, addresses: readonly object[]) => void;
      const answers: Reply[] = [];
      const answer = (error: Error | null, addresses: readonly object[]): void => {
        for (const reply of answers.splice(0)) reply(error, addresses);
      };
      Object.assign(dns, {
        lookup: (_host: string, _options: object, reply: Reply) => answers.push(reply),
      });
      syncBuiltinESMExports();
      try {
        const found = transport("controller");
        const first = found.resolve();
        const second = found.resolve();
        await new Promise((done) => setImmediate(done));
        assert.equal(answers.length, 1);
        answer(null, [{ address: "10.0.0.1" }, { address: "10.0.0.2" }]);
        assert.deepEqual(
          [await first, await second],
          [
            ["10.0.0.1", "10.0.0.2"],
            ["10.0.0.1", "10.0.0.2"],
          ],
        );
        const third = found.resolve();
        await new Promise((done) => setImmediate(done));
        answer(Object.assign(new Error("later"), { code: "EAI_AGAIN" }), []);
        assert.deepEqual(await third, ["10.0.0.1", "10.0.0.2"]);
        const fourth = found.resolve();
        await new Promise((done) => setImmediate(done));
        answer(Object.assign(new Error("none"), { code: "ENOTFOUND" }), []);
        await assert.rejects(fourth, /can't be resolved: none/);
      } finally {
        Object.assign(dns, { lookup: real });
        syncBuiltinESMExports();
      }
    });

    it("or says why it can't", async () => {
      await assert.rejects(
        transport("no-such-name.invalid").resolve(),
        /the controller's name can't be resolved: /,
      );
    });
  });
});

interface BadServer {
  readonly name: string;
  readonly answer: (stream: ServerHttp2Stream) => void;
  readonly expected: string;
}
