import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { jsonResponse } from "../../../src/admin/admin-routes.ts";
import { startAdmin } from "../../../src/admin/admin-server.ts";
import { commands } from "../../../src/cli/commands.ts";
import { runCommandLine } from "../../../src/cli/run-command-line.ts";

const folder = fileURLToPath(new URL("../../golden/explain/manifests", import.meta.url));

interface World {
  readonly environment?: Readonly<Record<string, string>>;
  readonly isOutputTerminal?: boolean;
}

async function run(
  words: readonly string[],
  world: World = {},
): Promise<{ code: number; out: string; error: string }> {
  const texts = { out: "", error: "" };
  const code = await runCommandLine({
    words: ["explain", ...words],
    environment: {},
    isTerminal: false,
    isOutputTerminal: false,
    readFile: () => Promise.reject(new Error("not read")),
    writeOut: (text) => (texts.out += text),
    writeError: (text) => (texts.error += text),
    commands,
    ...world,
  });
  return { code, ...texts };
}

const usage = [
  {
    words: [],
    error: /METHOD is missing\neastbound: URL is missing\neastbound: --manifests is missing: name a folder/,
  },
  { words: ["GET", "http://a", "--manifests", "x", "--admin", ":1"], error: /--admin can't be had together/ },
  {
    words: ["GET", "http://a", "--manifests", "x", "-H", "a"],
    error: /^eastbound: -H must be 'name: value'/,
  },
  { words: ["GET", "http://a", "more", "--manifests", "x"], error: /^eastbound: more is not expected here/ },
];

describe("eastbound explain", () => {
  for (const { words, error } of usage) {
    it(`refuses ${JSON.stringify(words)}`, async () => {
      const outcome = await run(words);
      assert.equal(outcome.code, 2);
      assert.match(outcome.error, error);
    });
  }

  const words = ["GET", "http://cart.shop/v2", "--manifests", folder];

  it("takes its settings from the environment too", async () => {
    const environment = { EASTBOUND_MANIFESTS: folder, EASTBOUND_FROM: "store" };
    const { code, out } = await run(["GET", "http://cart.shop/v2"], { environment });
    assert.equal(code, 0);
    assert.match(out, /by rule 0 of HTTPRoute store\/cart-of-store\n/);
  });

  it("is coloured on a terminal, unless that is not wanted", async () => {
    const isColoured = async (world: World): Promise<boolean> =>
      (await run(words, world)).out.includes("\u001b[");
    assert.deepEqual(
      [
        await isColoured({}),
        await isColoured({ isOutputTerminal: true }),
        await isColoured({ isOutputTerminal: true, environment: { NO_COLOR: "1" } }),
        await isColoured({ isOutputTerminal: true, environment: { TERM: "dumb" } }),
      ],
      [false, true, false, false],
    );
  });

  it("needs a grant where that is asked for", async () => {
    const from = ["GET", "http://cart.shop/v2", "--manifests", folder, "--from", "store"];
    assert.equal((await run(from)).code, 0);
    const strict = await run([...from, "--strict-grants"]);
    assert.equal(strict.code, 1);
    assert.match(strict.out, /RefNotPermitted/);
  });

  it("says that there is no such folder", async () => {
    const outcome = await run(["GET", "http://a", "--manifests", "/no/such/folder"]);
    assert.deepEqual(outcome, { code: 1, out: "", error: "eastbound: /no/such/folder does not exist\n" });
  });

  it("says so where a name leads nowhere and there is nothing to add", async () => {
    const body = JSON.stringify({ kind: "not-found", message: "Nothing.", hint: "" });
    const outcome = await askingFor(body);
    assert.deepEqual(outcome, { code: 1, out: "", error: "eastbound: Nothing.\n" });
  });

  it("shows what a proxy of another version finds malformed", async () => {
    const body = JSON.stringify({ kind: "malformed", problems: [{ path: "URL", message: "is too new" }] });
    assert.deepEqual(await askingFor(body), { code: 2, out: "", error: "eastbound: URL is too new\n" });
  });
});

async function askingFor(body: string): Promise<Awaited<ReturnType<typeof run>>> {
  const handle = (): ReturnType<typeof jsonResponse> => jsonResponse(200, body);
  await using server = await startAdmin({
    host: "127.0.0.1",
    port: 0,
    routes: new Map([["/explain", { method: "GET", summary: "For the test", handle }]]),
    onError: (error) => assert.fail(String(error)),
  });
  return await run(["GET", "http://cart", "--admin", `127.0.0.1:${server.port}`]);
}
