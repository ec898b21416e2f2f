import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CoreV1Api } from "@kubernetes/client-node";
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

  it("leaves calls without TLS settings to the common pool", async () => {
    const config = new PooledKubeConfig();
    config.loadFromClusterAndUser(
      { name: "nowhere", server: "https://127.0.0.1:1", skipTLSVerify: false },
      { name: "tester" },
    );
    await assert.rejects(config.makeApiClient(CoreV1Api).listNamespace());
  });
});
