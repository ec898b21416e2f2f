import assert from "node:assert/strict";
import type { ServedCertificate } from "../../src/discovery/server/tls-listener.ts";
import type { TestAuthority } from "../support/certificates.ts";
import { freePorts, loopbackAddress } from "../support/loopback.ts";
import { TcpRelay } from "./client/tcp-relay.ts";
import { Catalogue, createTrust, Replica, Sidecar, SidecarFiles } from "./mesh-harness.ts";

const WEB = "10.96.0.1";
const WEB_FRONTEND = `${WEB}:80`;
const WEB_BACKEND = "shop/web:80";

describe("client and server of the configuration protocol", () => {
  let authority: TestAuthority;
  let certificate: ServedCertificate;
  let catalogue: Catalogue;
  let host: string;
  let port: number;

  before(async () => {
    ({ authority, certificate } = await createTrust());
  });

  beforeEach(async () => {
    catalogue = new Catalogue();
    host = loopbackAddress();
    [port = 0] = await freePorts(host, 1);
  });

  const start = (at = host): Promise<Replica> => Replica.start(catalogue, certificate, { host: at, port });

  it("bring a Service into force, its changes, and its end", async () => {
    const versions = catalogue.put(WEB, "web", ["10.0.0.1"]);
    await using replica = await start();
    using files = new SidecarFiles(authority.certificate);
    await using sidecar = new Sidecar(files, port, () => [host]);
    assert.equal(await sidecar.learn(WEB_FRONTEND), true);
    assert.deepEqual(sidecar.sink.places, [{ node: "node-1", zone: "zone-a" }]);
    assert.deepEqual(sidecar.sink.frontends.get(WEB_FRONTEND), versions.frontend);
    const { backend } = catalogue.put(WEB, "web", ["10.0.0.1", "10.0.0.2"]);
    replica.hub.publish({ frontends: [], backends: [WEB_BACKEND], selves: false });
    await sidecar.sink.until(() => sidecar.sink.backends.get(WEB_BACKEND) === backend);
    catalogue.frontends.clear();
    replica.hub.publish({ frontends: [WEB_FRONTEND], backends: [], selves: false });
    await sidecar.sink.until(() => sidecar.sink.frontends.size === 0);
    assert.equal(sidecar.client.knows(WEB_FRONTEND), "unknown-to-controller");
  });

  it("tell of a Service that was dialled before it was there", async () => {
    await using replica = await start();
    using files = new SidecarFiles(authority.certificate);
    await using sidecar = new Sidecar(files, port, () => [host]);
    assert.equal(await sidecar.learn(WEB_FRONTEND), false);
    const { frontend } = catalogue.put(WEB, "web", ["10.0.0.1"]);
    replica.hub.publish({ frontends: [WEB_FRONTEND], backends: [WEB_BACKEND], selves: false });
    await sidecar.sink.until(() => sidecar.sink.frontends.get(WEB_FRONTEND) === frontend);
  });

  it("agree on what is refused, and what is good again", async () => {
    const { backend } = catalogue.put(WEB, "web", ["10.0.0.1"]);
    await using replica = await start();
    using files = new SidecarFiles(authority.certificate);
    await using sidecar = new Sidecar(files, port, () => [host]);
    await sidecar.learn(WEB_FRONTEND);
    catalogue.backends.set(WEB_BACKEND, { name: WEB_BACKEND, version: "bad", bytes: Buffer.from([0xff]) });
    replica.hub.publish({ frontends: [], backends: [WEB_BACKEND], selves: false });
    catalogue.put("10.96.0.2", "api", ["10.0.0.3"]);
    assert.equal(await sidecar.learn("10.96.0.2:80"), true, "what else there is comes meanwhile");
    assert.equal(sidecar.sink.backends.get(WEB_BACKEND), backend);
    assert.deepEqual(
      replica.nacks.map(({ names }) => names),
      [[WEB_BACKEND]],
    );
    assert.match(replica.nacks[0]?.reason ?? "", /^shop\/web:80 \(version bad\): is malformed/);
    const good = catalogue.put(WEB, "web", ["10.0.0.9"]).backend;
    replica.hub.publish({ frontends: [], backends: [WEB_BACKEND], selves: false });
    await sidecar.sink.until(() => sidecar.sink.backends.get(WEB_BACKEND) === good);
  });

  it("keep everything over a restart of the server, and then learn what changed", async () => {
    catalogue.put(WEB, "web", ["10.0.0.1"]);
    using files = new SidecarFiles(authority.certificate);
    const first = await start();
    await using sidecar = new Sidecar(files, port, () => [host]);
    await sidecar.learn(WEB_FRONTEND);
    await first[Symbol.asyncDispose]();
    await sidecar.connection(false);
    sidecar.sink.calls.length = 0;
    const { backend } = catalogue.put(WEB, "web", ["10.0.0.2"]);
    await using second = await start();
    await sidecar.sink.until(() => sidecar.sink.backends.get(WEB_BACKEND) === backend);
    assert.equal(second.hub.sessionCount, 1);
    assert.deepEqual(sidecar.sink.calls, [`+B ${WEB_BACKEND}@${backend}`], "nothing that did not change");
  });

  it("go on at another replica when one shuts down, and nothing goes out of force", async () => {
    catalogue.put(WEB, "web", ["10.0.0.1"]);
    using files = new SidecarFiles(authority.certificate);
    const other = loopbackAddress();
    const replicas = new Map([
      [host, await start()],
      [other, await start(other)],
    ]);
    await using sidecar = new Sidecar(files, port, () => [host, other]);
    await sidecar.learn(WEB_FRONTEND);
    const { address = "" } = sidecar.client.connection;
    sidecar.sink.calls.length = 0;
    await replicas.get(address)?.server.shutdown(0);
    replicas.delete(address);
    await sidecar.connection(true);
    const [[left, replica] = []] = replicas;
    assert.deepEqual(sidecar.client.connection.address, left);
    const { backend } = catalogue.put(WEB, "web", ["10.0.0.2"]);
    replica?.hub.publish({ frontends: [], backends: [WEB_BACKEND], selves: false });
    await sidecar.sink.until(() => sidecar.sink.backends.get(WEB_BACKEND) === backend);
    assert.deepEqual(sidecar.sink.calls, [`+B ${WEB_BACKEND}@${backend}`]);
    assert.equal(sidecar.client.statistics.failedAttempts, 0);
    await replica?.[Symbol.asyncDispose]();
  });

  it("go on at another replica when one dies", async () => {
    catalogue.put(WEB, "web", ["10.0.0.1"]);
    using files = new SidecarFiles(authority.certificate);
    const other = loopbackAddress();
    await using replica = await Replica.start(catalogue, certificate, { host: "127.0.0.1", port: 0 });
    const ways = new Map([
      [host, await TcpRelay.start(replica.server.port, { host, port })],
      [other, await TcpRelay.start(replica.server.port, { host: other, port })],
    ]);
    await using sidecar = new Sidecar(files, port, () => [host, other]);
    await sidecar.learn(WEB_FRONTEND);
    const { address = "" } = sidecar.client.connection;
    await ways.get(address)?.[Symbol.asyncDispose]();
    ways.delete(address);
    await sidecar.connection(false);
    assert.equal(sidecar.client.knows(WEB_FRONTEND), "known");
    await sidecar.connection(true);
    const [[left, way] = []] = ways;
    assert.deepEqual(
      [sidecar.client.connection.address, sidecar.client.statistics.failedAttempts],
      [left, 0],
    );
    const { backend } = catalogue.put(WEB, "web", ["10.0.0.2"]);
    replica.hub.publish({ frontends: [], backends: [WEB_BACKEND], selves: false });
    await sidecar.sink.until(() => sidecar.sink.backends.get(WEB_BACKEND) === backend);
    await way?.[Symbol.asyncDispose]();
  });

  it("have a restarted sidecar route with no server at all", async () => {
    const versions = catalogue.put(WEB, "web", ["10.0.0.1"]);
    using files = new SidecarFiles(authority.certificate);
    const replica = await start();
    const first = new Sidecar(files, port, () => [host]);
    await first.learn(WEB_FRONTEND);
    await first[Symbol.asyncDispose]();
    await replica[Symbol.asyncDispose]();
    await using second = new Sidecar(files, port, () => [host]);
    assert.deepEqual(second.sink.calls, [
      `+B ${WEB_BACKEND}@${versions.backend}`,
      `+F ${WEB_FRONTEND}@${versions.frontend}`,
    ]);
    assert.deepEqual(second.sink.places, [{ node: "node-1", zone: "zone-a" }]);
    await second.sink.until(() => second.client.statistics.failedAttempts > 0);
    assert.equal(second.client.knows(WEB_FRONTEND), "known");
    assert.equal(await second.learn("10.96.0.9:80"), false);
  });

  it("refuse a token, and take the next one that is put in its place", async () => {
    catalogue.put(WEB, "web", ["10.0.0.1"]);
    await using replica = await start();
    using files = new SidecarFiles(authority.certificate, "an-old-token");
    await using sidecar = new Sidecar(files, port, () => [host]);
    await sidecar.sink.until(() => sidecar.client.statistics.failedAttempts > 0);
    assert.match(sidecar.client.connection.lastError ?? "", /UNAUTHENTICATED, the token is not known/);
    assert.equal(replica.refusals[0], "the token is not known");
    files.write({ token: "a-good-token\n" });
    await sidecar.connection(true);
    assert.equal(await sidecar.learn(WEB_FRONTEND), true);
  });

  it("follow the authority when it changes", async () => {
    catalogue.put(WEB, "web", ["10.0.0.1"]);
    using files = new SidecarFiles(authority.certificate);
    const first = await start();
    await using sidecar = new Sidecar(files, port, () => [host]);
    await sidecar.learn(WEB_FRONTEND);
    const next = await createTrust();
    await first[Symbol.asyncDispose]();
    await using second = await Replica.start(catalogue, next.certificate, { host, port });
    await sidecar.sink.until(() => sidecar.client.statistics.failedAttempts > 1);
    assert.match(second.refusals.join(), /./);
    files.write({ ca: `${authority.certificate}\n${next.authority.certificate}\n` });
    await sidecar.connection(true);
    assert.equal(sidecar.client.knows(WEB_FRONTEND), "known");
  });
});
