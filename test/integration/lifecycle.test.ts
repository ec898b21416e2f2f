import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildProgram } from "../../build.ts";
import { type NamedServer, startNamedServer } from "../support/named-server.ts";
import { ProxyProcess } from "../support/proxy-process.ts";
import { Standalone } from "./standalone.ts";

describe("eastbound proxy, from its start to its end", function () {
  this.timeout(20_000);
  let web: NamedServer;
  let mesh: Standalone;
  const held: ServerResponse[] = [];

  beforeEach(async () => {
    held.length = 0;
    web = await startNamedServer("web", "127.0.0.1", (request, response) => {
      if (request.url === "/held") held.push(response);
      else response.end("web");
    });
    mesh = await Standalone.create();
    await mesh.write("web.yaml", ...mesh.manifests(1, "web", [web]));
  });
  afterEach(async () => {
    await mesh[Symbol.asyncDispose]();
    await web[Symbol.asyncDispose]();
  });

  const ready = async (): Promise<number> => (await mesh.client.ask(mesh.admin, "/ready")).status;
  /** A request that is under way until `held` is answered. */
  const holdOne = async () => {
    const pending = mesh.ask(1, "/held");
    while (held.length === 0) await mesh.client.ask(mesh.admin, "/live");
    return { pending };
  };

  describe("starts", () => {
    it("where the folder is missing, and serves it when it comes", async () => {
      await mesh.folder[Symbol.asyncDispose]();
      const proxy = await mesh.serve();
      const { error } = await proxy.logged("a manifest is not in force as written", { file: "." });
      assert.equal(error, "does not exist");
      assert.equal(await ready(), 200);
      await mesh.write("web.yaml", ...mesh.manifests(1, "web", [web]));
      while ((await mesh.config()).frontends.length === 0) continue;
      assert.equal((await mesh.ask(1)).body, "web");
    });

    it("where the folder is empty", async () => {
      await mesh.folder.remove("web.yaml");
      await mesh.serve();
      assert.equal(await ready(), 200);
      assert.deepEqual((await mesh.config()).frontends, []);
    });

    it("with what is right of a folder that is partly wrong", async () => {
      await mesh.folder.write("broken.yaml", "kind: [");
      const proxy = await mesh.serve();
      await proxy.logged("a manifest is not in force as written", { file: "broken.yaml" });
      assert.equal((await mesh.ask(1)).body, "web");
    });

    it("where an address is taken, which it reports and tries again", async () => {
      const taken = createServer().listen(mesh.port(2), mesh.address);
      await once(taken, "listening");
      await mesh.write("other.yaml", ...mesh.manifests(2, "other", [web]));
      const proxy = await mesh.serve();
      const { error } = await proxy.logged("a Service can't be served");
      const name = `${mesh.address}:${mesh.port(2)}`;
      assert.equal(error, `${name} can't be bound: the address is in use`);
      assert.deepEqual(
        (await mesh.config()).listenErrors.map(({ message }) => message),
        [error],
      );
      assert.match(await mesh.metrics(), /^eastbound_source_errors 1$/m);
      assert.equal(await ready(), 200);
      await once(taken.close(), "close");
      while ((await mesh.config()).listenErrors.length > 0) continue;
      assert.equal((await mesh.ask(2)).body, "web");
      assert.match(await mesh.metrics(), /^eastbound_source_errors 0$/m);
    });

    it("where two Services claim an address, and says so", async () => {
      await mesh.write("z.yaml", ...mesh.manifests(1, "zoo", [web]));
      const proxy = await mesh.serve();
      const { object, error } = await proxy.logged("an object is not in force as written");
      assert.equal(object, "Service default/zoo");
      assert.match(String(error), /belongs to Service default\/web already$/);
      assert.match(await mesh.metrics(), /^eastbound_source_errors 1$/m);
    });

    it("as a bundle", async () => {
      const folder = mkdtempSync(join(tmpdir(), "eastbound-program-"));
      await buildProgram(folder);
      const proxy = await mesh.serve({ program: join(folder, "eastbound.js") });
      assert.equal((await mesh.ask(1)).body, "web");
      assert.equal((await mesh.client.ask(mesh.admin, "/explain?url=http://web")).status, 404);
      proxy.signal("SIGTERM");
      assert.equal(await proxy.ended, 0);
      rmSync(folder, { recursive: true });
    });
  });

  describe("does not start", () => {
    it("on an admin address that is taken, and ends with 1", async () => {
      const taken = createServer().listen(mesh.admin.port, mesh.admin.host);
      await once(taken, "listening");
      const proxy = mesh.start();
      assert.equal(await proxy.ended, 1);
      const { error } = await proxy.logged("the proxy can't run");
      assert.equal(
        error,
        `--admin ${mesh.admin.host}:${mesh.admin.port} can't be bound: the address is in use`,
      );
      taken.close();
    });

    it("with flags, environment or a file that are wrong, and ends with 2 and all of the problems", async () => {
      await mesh.folder.write("config.txt", "limits: {maxConnections: 0}\ntimeouts: {head: soon}\n");
      await using proxy = new ProxyProcess({
        flags: ["--capture", "guess", "--config", mesh.folder.at("config.txt")],
        environment: { EASTBOUND_DRAIN_TIMEOUT: "long" },
      });
      assert.equal(await proxy.ended, 2);
      const lines = proxy.log.map(({ message }) => message);
      for (const part of [
        "--capture",
        "EASTBOUND_DRAIN_TIMEOUT",
        "limits.maxConnections",
        "timeouts.head",
        "--manifests",
      ])
        assert.ok(
          lines.some((line) => line.includes(part)),
          `${part} in ${lines.join("\n")}`,
        );
    });
  });

  describe("drains", () => {
    const ways = [
      { name: "by SIGTERM", drain: async (proxy: ProxyProcess) => proxy.signal("SIGTERM") },
      { name: "by SIGINT", drain: async (proxy: ProxyProcess) => proxy.signal("SIGINT") },
      {
        name: "by POST /drain",
        drain: async () => {
          const { status } = await mesh.client.ask(mesh.admin, "/drain", { method: "POST" });
          assert.equal(status, 202);
        },
      },
    ];
    for (const { name, drain } of ways) {
      it(`${name}: serves what is under way and what still comes, then ends with 0`, async () => {
        const proxy = await mesh.serve();
        const { pending } = await holdOne();
        await drain(proxy);
        await proxy.logged("draining");
        assert.equal(await ready(), 503);
        const late = await mesh.ask(1);
        assert.equal(late.body, "web");
        assert.equal(late.headers.connection, "close");
        held[0]?.end("late");
        assert.equal((await pending).body, "late");
        assert.equal(await proxy.ended, 0);
        assert.ok(proxy.log.some(({ message }) => message === "drained"));
      });
    }

    it("no longer than the limit, and ends with 1 where something was still under way", async () => {
      const proxy = await mesh.serve({ flags: ["--drain-timeout", "200ms"] });
      const { pending } = await holdOne();
      const broken = assert.rejects(pending);
      proxy.signal("SIGTERM");
      assert.equal(await proxy.ended, 1);
      await broken;
      const { under_way: underWay } = await proxy.logged("the drain limit is over");
      assert.equal(underWay, 1);
    });

    it("no further at a second signal, and ends with 1 at once", async () => {
      const proxy = await mesh.serve();
      const { pending } = await holdOne();
      const broken = assert.rejects(pending);
      proxy.signal("SIGTERM");
      await proxy.logged("draining");
      proxy.signal("SIGINT");
      assert.equal(await proxy.ended, 1);
      await broken;
    });

    it("when told to while it starts", async () => {
      const proxy = mesh.start({ nodeFlags: ["--import", TERM_AT_ADMIN] });
      assert.equal(await proxy.ended, 0);
      assert.ok(proxy.log.some(({ message }) => message === "drained"));
    });
  });

  it("crashes by a defect with 1, and its log says why", async () => {
    const throwing = `data:text/javascript,process.on("SIGUSR2", () => { throw new Error("planted"); })`;
    const proxy = await mesh.serve({ nodeFlags: ["--import", throwing] });
    proxy.signal("SIGUSR2");
    assert.equal(await proxy.ended, 1);
    const { error } = await proxy.logged("crashed by a defect");
    assert.match(String(error), /^Error: planted\n/);
  });

  it("crashes by a rejection that nobody handles, alike", async () => {
    const rejecting = `data:text/javascript,process.on("SIGUSR2", () => { Promise.reject(new Error("planted")); })`;
    const proxy = await mesh.serve({ nodeFlags: ["--import", rejecting] });
    proxy.signal("SIGUSR2");
    assert.equal(await proxy.ended, 1);
    await proxy.logged("crashed by a defect");
  });

  it("refuses connections beyond what its file descriptors allow, and recovers", async function () {
    this.timeout(30_000);
    const proxy = await mesh.serve({ through: ["sh", "-c", 'ulimit -n 64 && exec "$@"', "sh"] });
    const { max_connections: most } = await proxy.logged(
      "fewer connections than configured, by the limit on open files",
    );
    const sockets = Array.from({ length: Number(most) }, () => connect(mesh.port(1), mesh.address));
    const answers = sockets.map(async (socket) => {
      socket.write("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
      const [bytes] = (await once(socket, "data")) as [Buffer];
      return bytes.toString().split(" ")[1];
    });
    assert.deepEqual(new Set(await Promise.all(answers)), new Set(["200"]));
    for (let round = 0; round < 20; round++) {
      const refused = await mesh.askAlone(1);
      assert.equal(refused.status, 503);
      assert.equal(refused.headers["retry-after"], "1");
    }
    const flood = await Promise.allSettled(Array.from({ length: 200 }, () => mesh.askAlone(1)));
    assert.ok(flood.every((result) => result.status === "rejected" || result.value.status === 503));
    assert.equal((await mesh.client.ask(mesh.admin, "/live")).status, 200);
    for (const socket of sockets) socket.destroy();
    await mesh.askUntil(1, "/", ({ status }) => status === 200);
  });
});

/** Sends SIGTERM to itself when the first server listens, long before the folder is read. */
const TERM_AT_ADMIN = `data:text/javascript,${encodeURIComponent(`
  import { Server } from "node:net";
  const { listen } = Server.prototype;
  Server.prototype.listen = function (...args) {
    Server.prototype.listen = listen;
    process.kill(process.pid, "SIGTERM");
    return listen.apply(this, args);
  };
`)}`;
