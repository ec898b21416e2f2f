import assert from "node:assert/strict";
import { commands } from "../../src/cli/commands.ts";
import type { Explanation } from "../../src/cli/explain/explanation.ts";
import { runCommandLine } from "../../src/cli/run-command-line.ts";
import { routeManifest } from "../support/manifests.ts";
import { type NamedServer, startNamedServer } from "../support/named-server.ts";
import { Standalone } from "./standalone.ts";

interface Case {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the client gets: a status, and the name of the server that answered. */
  readonly expected: readonly [status: number, body: string];
}

const rewritten = {
  type: "URLRewrite",
  urlRewrite: { path: { type: "ReplaceFullPath", replaceFullPath: "/x" } },
};
const redirected = { type: "RequestRedirect", requestRedirect: { hostname: "a.example", statusCode: 301 } };

const cases: readonly Case[] = [
  { path: "/two", expected: [200, "two"] },
  { path: "/two/deep?a=b", expected: [200, "two"] },
  { path: "/twofold", expected: [200, "one"] },
  { path: "/", headers: { "x-who": "two" }, expected: [200, "two"] },
  { path: "/", headers: { "x-who": "three" }, expected: [200, "one"] },
  { path: "/moved", expected: [301, ""] },
  { path: "/gone", expected: [500, ""] },
  { path: "/empty", expected: [503, ""] },
  { path: "/post-only", method: "POST", expected: [200, "two"] },
  { path: "/post-only", expected: [200, "one"] },
];

describe("eastbound explain, asking a proxy that runs", function () {
  this.timeout(20_000);
  let servers: readonly NamedServer[];
  let mesh: Standalone;

  before(async () => {
    const named = (name: string): Promise<NamedServer> =>
      startNamedServer(name, "127.0.0.1", (_request, response) => response.end(name));
    servers = [await named("one"), await named("two")];
    const [one, two] = servers;
    assert.ok(one && two);
    mesh = await Standalone.create();
    const ref = (name: string, number: number): unknown => ({ name, port: mesh.port(number) });
    const path = (value: string, type = "PathPrefix"): unknown => ({ path: { type, value } });
    await mesh.write(
      "mesh.yaml",
      ...mesh.manifests(1, "one", [one]),
      ...mesh.manifests(2, "two", [two]),
      ...mesh.manifests(3, "empty", []),
      routeManifest({
        name: "routes",
        parent: "one",
        rules: [
          { matches: [path("/two")], filters: [rewritten], backendRefs: [ref("two", 2)] },
          { matches: [{ headers: [{ name: "X-Who", value: "two" }] }], backendRefs: [ref("two", 2)] },
          { matches: [path("/moved")], filters: [redirected] },
          { matches: [path("/gone", "Exact")], backendRefs: [ref("nobody", 2)] },
          { matches: [path("/empty")], backendRefs: [ref("empty", 3)] },
          { matches: [{ ...(path("/post-only") as object), method: "POST" }], backendRefs: [ref("two", 2)] },
          { matches: [path("/")], backendRefs: [ref("one", 1)] },
        ],
      }),
    );
    await mesh.serve();
  });
  after(async () => {
    await mesh[Symbol.asyncDispose]();
    for (const server of servers) await server[Symbol.asyncDispose]();
  });

  const explain = async (
    source: readonly string[],
    { method = "GET", path, headers = {} }: Case,
  ): Promise<string> => {
    let printed = "";
    const code = await runCommandLine({
      words: [
        "explain",
        method,
        `http://one:${mesh.port(1)}${path}`,
        "--json",
        ...source,
        ...Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]),
      ],
      environment: {},
      isTerminal: false,
      isOutputTerminal: false,
      readFile: () => Promise.reject(new Error("not read")),
      writeOut: (text) => (printed += text),
      writeError: (text) => assert.fail(text),
      commands,
    });
    return `${printed}exit code ${code}`;
  };

  for (const c of cases) {
    it(`says what ${c.method ?? "GET"} ${c.path} ${JSON.stringify(c.headers ?? {})} comes to`, async () => {
      const asked = await explain(["--admin", `${mesh.admin.host}:${mesh.admin.port}`], c);
      assert.equal(asked, await explain(["--manifests", mesh.folder.path], c));
      const [status, body] = c.expected;
      const answer = await mesh.ask(1, c.path, {
        ...(c.method !== undefined && { method: c.method }),
        ...(c.headers !== undefined && { headers: c.headers }),
      });
      assert.equal(answer.status, status);
      const { answer: told, shares } = JSON.parse(asked.replace(/exit code \d$/, "")) as Explanation;
      assert.equal(told.status ?? 200, answer.status);
      assert.ok(asked.endsWith(`exit code ${status < 500 ? 0 : 1}`));
      const backend = shares.map((share) => share.backend).join();
      assert.equal(status === 200 ? answer.body : "", body);
      assert.ok(body === "" || backend === `default/${body}:${mesh.port(body === "one" ? 1 : 2)}`, backend);
    });
  }
});
