import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import { ApiError } from "../../src/kubernetes/api-error.ts";
import { createWatchApi } from "../../src/kubernetes/http-api.ts";
import { selfSigned } from "../support/self-signed.ts";
import { json, LocalApiServer } from "./local-api-server.ts";

const emptyList = json(200, { metadata: { resourceVersion: "10" }, items: [] });
const unauthorized = json(401, {
  kind: "Status",
  code: 401,
  reason: "Unauthorized",
  message: "Unauthorized",
});

/** The reason why a list failed; undefined for success. */
type Ask = () => Promise<string | undefined>;

function asking(config: KubeConfig): Ask {
  const api = createWatchApi(config);
  const request = { resource: { group: "", version: "v1", plural: "services" } };
  return async () => {
    try {
      await api.list(request, () => {}, new AbortController().signal);
      return undefined;
    } catch (error) {
      assert.ok(error instanceof ApiError);
      return error.reason;
    }
  };
}

function authorizations(server: LocalApiServer): readonly (string | undefined)[] {
  return server.requests.map(({ headers }) => headers.authorization);
}

describe("HTTP API: credentials", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "eastbound-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("sends a token", async () => {
    await using server = await LocalApiServer.start();
    server.answer(emptyList);
    await asking(server.config({ token: "secret" }))();
    assert.deepEqual(authorizations(server), ["Bearer secret"]);
  });

  it("sends name and password", async () => {
    await using server = await LocalApiServer.start();
    server.answer(emptyList);
    await asking(server.config({ username: "me", password: "secret" }))();
    assert.deepEqual(authorizations(server), [`Basic ${Buffer.from("me:secret").toString("base64")}`]);
  });

  it("reads the token's file anew after a 401", async () => {
    await using server = await LocalApiServer.start();
    server.answer(emptyList, unauthorized, emptyList, emptyList);
    const tokenFile = join(folder, "token");
    writeFileSync(tokenFile, "old");
    const ask = asking(server.config({ authProvider: { name: "tokenFile", config: { tokenFile } } }));
    assert.equal(await ask(), undefined);
    writeFileSync(tokenFile, "new");
    assert.equal(await ask(), "Unauthorized");
    assert.equal(await ask(), undefined);
    assert.equal(await ask(), undefined);
    assert.deepEqual(authorizations(server), ["Bearer old", "Bearer old", "Bearer new", "Bearer new"]);
  });

  it("runs a program for credentials once, and again after a 401", async () => {
    await using server = await LocalApiServer.start();
    server.answer(emptyList, emptyList, unauthorized, emptyList);
    const file = join(folder, "credential");
    const credential = (token: string): string =>
      JSON.stringify({
        apiVersion: "client.authentication.k8s.io/v1",
        kind: "ExecCredential",
        status: { token },
      });
    writeFileSync(file, credential("first"));
    const ask = asking(server.config({ exec: { command: "cat", args: [file] } }));
    await ask();
    writeFileSync(file, credential("second"));
    await ask();
    await ask();
    await ask();
    assert.deepEqual(authorizations(server), [
      "Bearer first",
      "Bearer first",
      "Bearer first",
      "Bearer second",
    ]);
  });

  it("forgets credentials once where several requests meet a 401", async () => {
    await using server = await LocalApiServer.start();
    server.answer(unauthorized, unauthorized, emptyList);
    const tokenFile = join(folder, "token");
    writeFileSync(tokenFile, "old");
    const ask = asking(server.config({ authProvider: { name: "tokenFile", config: { tokenFile } } }));
    assert.deepEqual(await Promise.all([ask(), ask()]), ["Unauthorized", "Unauthorized"]);
    assert.equal(await ask(), undefined);
  });

  const unusable = [
    {
      name: "a token's file is missing",
      user: { authProvider: { name: "x", config: { tokenFile: "/none" } } },
    },
    { name: "a program is missing", user: { exec: { command: "/no/such/program" } } },
    { name: "a program fails", user: { exec: { command: "false" } } },
  ];
  for (const { name, user } of unusable) {
    it(`fails like any request when ${name}`, async () => {
      await using server = await LocalApiServer.start();
      assert.equal(await asking(server.config(user))(), "NoCredentials");
    });
  }

  it("can be given up while a program for credentials hangs", async () => {
    await using server = await LocalApiServer.start();
    const pidFile = join(folder, "pid");
    const exec = {
      command: "sh",
      args: ["-c", `echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; exec sleep 60`],
    };
    const controller = new AbortController();
    const request = { resource: { group: "", version: "v1", plural: "services" } };
    const pending = createWatchApi(server.config({ exec })).list(request, () => {}, controller.signal);
    while (!existsSync(pidFile)) await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new Error("enough"));
    await assert.rejects(pending, { message: "enough" });
    process.kill(Number(readFileSync(pidFile, "utf8")));
    assert.equal(server.connections, 0);
  });

  it("fails like any request when there is no cluster", async () => {
    await using server = await LocalApiServer.start();
    const config = server.config();
    config.clusters = [];
    assert.equal(await asking(config)(), "NoCluster");
  });
});

describe("HTTP API: TLS", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "eastbound-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("trusts the given authority, and another one once its file says so", async () => {
    const [first, second] = await Promise.all([selfSigned(), selfSigned()]);
    await using old = await LocalApiServer.start(first);
    await using renewed = await LocalApiServer.start(second);
    old.answer(emptyList, emptyList);
    renewed.answer(emptyList);
    const caFile = join(folder, "ca.crt");
    writeFileSync(caFile, first.cert);
    const config = old.config({}, { caFile });
    const ask = asking(config);
    assert.equal(await ask(), undefined);
    assert.equal(await ask(), undefined);
    assert.equal(old.connections, 1);
    config.clusters = [{ name: "local", server: renewed.url, caFile, skipTLSVerify: false }];
    assert.equal(await ask(), "DEPTH_ZERO_SELF_SIGNED_CERT");
    writeFileSync(caFile, second.cert);
    assert.equal(await ask(), undefined);
    await old.hasConnections(0);
  });

  it("shows its certificate", async () => {
    const [server, client] = await Promise.all([selfSigned(), selfSigned()]);
    const options = { ...server, ca: client.cert, requestCert: true, rejectUnauthorized: true };
    await using strict = await LocalApiServer.start(options);
    strict.answer(emptyList);
    const encoded = (text: string): string => Buffer.from(text).toString("base64");
    const caData = encoded(server.cert);
    const user = { certData: encoded(client.cert), keyData: encoded(client.key) };
    assert.equal(await asking(strict.config(user, { caData }))(), undefined);
    assert.notEqual(await asking(strict.config({}, { caData }))(), undefined);
  });

  it("checks the server's name as it is told", async () => {
    const certificate = await selfSigned();
    await using server = await LocalApiServer.start(certificate);
    const caData = Buffer.from(certificate.cert).toString("base64");
    const config = server.config({}, { caData, tlsServerName: "other.test" });
    assert.equal(await asking(config)(), "ERR_TLS_CERT_ALTNAME_INVALID");
  });

  it("goes through a proxy", async () => {
    const certificate = await selfSigned();
    await using server = await LocalApiServer.start(certificate);
    server.answer(emptyList, emptyList);
    const asked: (string | undefined)[] = [];
    const proxy = createServer().on("connect", (request, socket) => {
      asked.push(request.url);
      const upstream = connect(server.port, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        upstream.pipe(socket).pipe(upstream);
      });
      for (const end of [upstream, socket]) end.on("error", () => {});
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const caData = Buffer.from(certificate.cert).toString("base64");
    const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const ask = asking(server.config({}, { caData, proxyUrl }));
    assert.equal(await ask(), undefined);
    assert.deepEqual(asked, [`127.0.0.1:${server.port}`]);
    proxy.closeAllConnections();
    proxy.close();
  });
});
