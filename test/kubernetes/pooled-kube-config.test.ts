import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CoreV1Api } from "@kubernetes/client-node";
import { callOptions } from "../../src/controller/api-call.ts";
import { PooledKubeConfig } from "../../src/kubernetes/pooled-kube-config.ts";
import { selfSigned } from "../support/self-signed.ts";
import { json, LocalApiServer } from "./local-api-server.ts";

const answer = json(200, { kind: "NamespaceList", apiVersion: "v1", metadata: {}, items: [] });

describe("PooledKubeConfig", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "eastbound-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("lets typed calls share a connection, until another authority is to be trusted", async () => {
    const [first, second] = await Promise.all([selfSigned(), selfSigned()]);
    await using server = await LocalApiServer.start(first);
    server.answer(...Array.from({ length: 12 }, () => answer));
    const caFile = join(folder, "ca.crt");
    writeFileSync(caFile, first.cert);
    const config = new PooledKubeConfig();
    config.loadFromClusterAndUser(
      { name: "local", server: server.url, caFile, skipTLSVerify: false },
      { name: "tester", token: "secret" },
    );
    const client = config.makeApiClient(CoreV1Api);
    for (let i = 0; i < 10; i++) await client.listNamespace();
    await config.makeApiClient(CoreV1Api).listNamespace();
    const before = server.connections;
    // A connection counts as taken for a moment after its answer was read.
    assert.ok(before <= 2, `${before} connections for 11 requests`);
    assert.deepEqual(
      new Set(server.requests.map(({ headers }) => headers.authorization)),
      new Set(["Bearer secret"]),
    );
    writeFileSync(caFile, second.cert);
    await assert.rejects(client.listNamespace());
    writeFileSync(caFile, first.cert);
    await client.listNamespace();
    assert.equal(server.connections, before + 1);
  });

  it("gives a connection up with the call that got no answer on it", async () => {
    const identity = await selfSigned();
    const server = createSecureServer({ ...identity, allowHTTP1: true });
    const versions: string[] = [];
    let sockets = 0;
    server.on("secureConnection", () => sockets++);
    server.on("request", ({ httpVersion }, response) => {
      versions.push(httpVersion);
      if (versions.length === 1) return;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ kind: "NamespaceList", apiVersion: "v1", metadata: {}, items: [] }));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const config = new PooledKubeConfig();
    config.loadFromClusterAndUser(
      {
        name: "local",
        server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
        caData: Buffer.from(identity.cert).toString("base64"),
        skipTLSVerify: false,
      },
      { name: "tester", token: "secret" },
    );
    const client = config.makeApiClient(CoreV1Api);
    const patience = new AbortController();
    const inVain = client.listNamespace({}, callOptions({ signal: patience.signal }));
    const isRefused = assert.rejects(inVain);
    await once(server, "request");
    patience.abort();
    await isRefused;
    await client.listNamespace();
    server.close();
    assert.deepEqual({ versions, sockets }, { versions: ["1.1", "1.1"], sockets: 2 });
  });

  it("leaves calls without TLS settings to the common pool", async () => {
    const config = new PooledKubeConfig();
    config.loadFromClusterAndUser(
      { name: "nowhere", server: "https://127.0.0.1:1", skipTLSVerify: false },
      { name: "tester" },
    );
    await assert.rejects(config.makeApiClient(CoreV1Api).listNamespace());
  });
});
