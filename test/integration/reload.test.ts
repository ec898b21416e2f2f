import assert from "node:assert/strict";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect } from "node:net";
import { prefixRule, routeManifest } from "../support/manifests.ts";
import { type NamedServer, startNamedServer } from "../support/named-server.ts";
import { Standalone } from "./standalone.ts";

describe("a folder of manifests that changes under a running proxy", function () {
  this.timeout(20_000);
  let blue: NamedServer;
  let green: NamedServer;
  let mesh: Standalone;

  beforeEach(async () => {
    [blue, green] = await Promise.all([startNamedServer("blue"), startNamedServer("green")]);
    mesh = await Standalone.create();
    await mesh.write("web.yaml", ...mesh.manifests(1, "web", [blue]));
    await mesh.write("green.yaml", ...mesh.manifests(2, "green", [green]));
  });
  afterEach(async () => {
    await mesh[Symbol.asyncDispose]();
    await Promise.all([blue[Symbol.asyncDispose](), green[Symbol.asyncDispose]()]);
  });

  const toGreen = () =>
    routeManifest({ name: "route", parent: "web", rules: [prefixRule("/", "green", mesh.port(2))] });
  const toBlue = () =>
    routeManifest({ name: "route", parent: "web", rules: [prefixRule("/", "web", mesh.port(1))] });
  const until = (body: string) => mesh.askUntil(1, "/", (answer) => answer.body === body);

  const untilServed = async (frontends: number): Promise<void> => {
    while ((await mesh.config()).frontends.length !== frontends) continue;
  };

  it("moves traffic when a file comes, is edited in place, is replaced by another, and goes", async () => {
    await mesh.serve();
    assert.equal((await mesh.ask(1)).body, "blue");
    await mesh.write("route.yaml", toGreen());
    await until("green");
    await mesh.write("route.yaml", toBlue());
    await until("blue");
    await mesh.write("route.next", toGreen());
    await mesh.folder.move("route.next", "route.yaml");
    await until("green");
    await mesh.folder.remove("route.yaml");
    await until("blue");
  });

  it("moves traffic when a ConfigMap's ..data is swapped", async () => {
    await mesh.write("routes/..2026_1/route.yaml", toGreen());
    await mesh.write("routes/..2026_2/route.yaml", toBlue());
    await mesh.folder.link("routes/..data", "..2026_1");
    await mesh.folder.link("routes/route.yaml", "..data/route.yaml");
    await mesh.serve();
    assert.equal((await mesh.ask(1)).body, "green");
    await mesh.folder.link("routes/..data_tmp", "..2026_2");
    await mesh.folder.move("routes/..data_tmp", "routes/..data");
    await mesh.folder.remove("routes/..2026_1");
    await until("blue");
  });

  it("keeps the last version of what becomes wrong, and says what, where and since when", async () => {
    await mesh.write("route.yaml", toGreen());
    const proxy = await mesh.serve();
    await mesh.write("route.yaml", { ...toBlue(), spec: { parentRefs: "web" } });
    const invalid = await proxy.logged("a manifest is not in force as written", { file: "route.yaml" });
    assert.equal(invalid["object"], "HTTPRoute default/route");
    assert.equal(invalid["path"], "spec.parentRefs");
    assert.equal((await mesh.ask(1)).body, "green");
    assert.match(await mesh.metrics(), /^eastbound_source_errors 1$/m);

    await mesh.folder.write("web.yaml", "kind: [");
    await proxy.logged("a manifest is not in force as written", { file: "web.yaml" });
    assert.equal((await mesh.ask(1)).body, "green");
    assert.match(await mesh.metrics(), /^eastbound_source_errors 2$/m);
    const { sources } = await mesh.config();
    assert.deepEqual(
      sources[0]?.errors.map(({ file, object, path }) => ({ file, object, path })),
      [
        { file: "route.yaml", object: "HTTPRoute default/route", path: "spec.parentRefs" },
        { file: "web.yaml", object: undefined, path: undefined },
      ],
    );

    await mesh.write("web.yaml", ...mesh.manifests(1, "web", [blue]));
    await mesh.write("route.yaml", toBlue());
    await until("blue");
    assert.match(await mesh.metrics(), /^eastbound_source_errors 0$/m);
  });

  it("stops listening for a Service that goes, and lets its connections end by themselves", async () => {
    await mesh.serve();
    const held: ServerResponse[] = [];
    await using slow = await startNamedServer("slow", "127.0.0.1", (_, response) => held.push(response));
    await mesh.write("slow.yaml", ...mesh.manifests(3, "slow", [slow]));
    await untilServed(3);
    const pending = mesh.ask(3);
    while (held.length === 0) await mesh.ask(1);
    await mesh.folder.remove("slow.yaml");
    await untilServed(2);
    const [error] = (await once(connect(mesh.port(3), mesh.address), "error")) as [NodeJS.ErrnoException];
    assert.equal(error.code, "ECONNREFUSED");
    held[0]?.end("late");
    assert.equal((await pending).body, "late");
  });

  it("keeps idle connections over changes of routes, of endpoints and of other Services", async () => {
    await mesh.serve();
    const socket = connect(mesh.port(1), mesh.address);
    const ask = async (): Promise<string> => {
      socket.write("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
      const [bytes] = (await once(socket, "data")) as [Buffer];
      return bytes.toString().split("\r\n\r\n")[1] ?? "";
    };
    assert.equal(await ask(), "blue");
    await mesh.write("route.yaml", toGreen());
    await until("green");
    assert.equal(await ask(), "green");
    await mesh.folder.remove("route.yaml");
    await mesh.write("web.yaml", ...mesh.manifests(1, "web", [green]));
    await mesh.folder.remove("green.yaml");
    await untilServed(1);
    await mesh.write("other.yaml", ...mesh.manifests(4, "other", [blue]));
    await untilServed(2);
    assert.equal(await ask(), "green");
    socket.destroy();
  });

  it("answers every request while it reads the folder again 50 times", async () => {
    // Only the route tells which body is said, so that each turn of it is seen before the next one is written.
    await using otherBlue = await startNamedServer("blue");
    await mesh.serve();
    const over = new AbortController();
    const statuses = new Map<number, number>();
    const load = async (): Promise<void> => {
      while (!over.signal.aborted) {
        const { status } = await mesh.ask(1);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    const clients = Promise.all(Array.from({ length: 8 }, load));
    for (let round = 0; round < 25; round++) {
      await mesh.write("route.yaml", toGreen());
      await mesh.write("web.yaml", ...mesh.manifests(1, "web", [blue, otherBlue]));
      await until("green");
      await mesh.write("route.yaml", toBlue());
      await mesh.write("web.yaml", ...mesh.manifests(1, "web", [blue]));
      await until("blue");
    }
    over.abort();
    await clients;
    assert.deepEqual([...statuses.keys()], [200]);
    const reloads = /^eastbound_source_reloads_total\{result="success"\} (\d+)$/m.exec(await mesh.metrics());
    assert.ok(Number(reloads?.[1] ?? 0) >= 50, String(reloads));
  });
});
