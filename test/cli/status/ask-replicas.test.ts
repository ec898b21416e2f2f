import assert from "node:assert/strict";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { askAddresses } from "../../../src/cli/status/ask-replicas.ts";
import { command } from "../../../src/cli/status.ts";
import { refused, sidecar } from "./reports.ts";

const servers: Server[] = [];

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}

const answering =
  (status: number, body: unknown): RequestListener =>
  ({ url }, response) => {
    response.statusCode = url === "/sidecars" ? status : 404;
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };

const report = { controller: "controller-1", sidecars: [sidecar()] };

async function run(
  ...words: readonly string[]
): Promise<readonly [code: number, out: string, error: string]> {
  const planned = command.plan({ words, environment: {}, config: undefined, isTerminal: false });
  assert.ok(planned.kind === "ok");
  let out = "";
  let error = "";
  const code = await planned.value.run({
    log: planned.value.log,
    environment: {},
    isTerminal: false,
    isOutputTerminal: words.includes("--log-format=text"),
    writeOut: (text) => {
      out += text;
    },
    writeError: (text) => {
      error += text;
    },
  });
  return [code, out, error];
}

describe("eastbound status, by addresses", () => {
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  it("asks each replica", async () => {
    const good = await serve(answering(200, report));
    const other = await serve(answering(200, "<html>"));
    const failing = await serve(answering(500, report));
    const cut = await serve(({ socket }) => socket.destroy());
    const answers = await askAddresses(
      [good, other, failing, cut].map((port) => ({ host: port === good ? "" : "127.0.0.1", port })),
    );
    assert.deepEqual(answers, [
      { kind: "answered", source: `127.0.0.1:${good}`, report },
      {
        kind: "failed",
        source: `127.0.0.1:${other}`,
        message: "no admin endpoint of a controller answers there (200)",
      },
      {
        kind: "failed",
        source: `127.0.0.1:${failing}`,
        message: "no admin endpoint of a controller answers there (500)",
      },
      { kind: "failed", source: `127.0.0.1:${cut}`, message: "socket hang up" },
    ]);
  });

  it("exits with 0 if all is in sync, else with 1", async () => {
    const good = `--admin=127.0.0.1:${await serve(answering(200, report))}`;
    const wrong = { controller: "controller-2", sidecars: [sidecar({ types: [refused] })] };
    const bad = `--admin=127.0.0.1:${await serve(answering(200, wrong))}`;
    const [code, out] = await run(good);
    assert.equal(code, 0);
    assert.ok(out.startsWith("controller controller-1 sidecars=1\nsidecar shop/cart-1 in-sync=true"), out);
    assert.equal((await run(good, bad))[0], 1);
    assert.equal((await run(good, "--admin=127.0.0.1:1"))[0], 1);
  });

  it("prints a table on a terminal, and all there is as JSON", async () => {
    const good = `--admin=127.0.0.1:${await serve(answering(200, report))}`;
    const [, table] = await run(good, "--log-format=text");
    assert.ok(table.includes("1 sidecar, all in sync, 1 of 1 controller answered"), table);
    const [, json] = await run(good, "--json");
    assert.deepEqual(JSON.parse(json), {
      replicas: [{ controller: "controller-1", sidecars: 1 }],
      sidecars: [{ ...sidecar(), controller: "controller-1", isInSync: true }],
    });
  });

  it("says why no cluster can be asked", async () => {
    const [code, out, error] = await run("--kubeconfig=/does/not/exist");
    assert.deepEqual([code, out], [1, ""]);
    assert.match(
      error,
      /^eastbound: the controller's pods can't be listed: kubeconfig \/does\/not\/exist can't be read/,
    );
  });
});
