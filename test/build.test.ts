import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import type { Metafile } from "esbuild";
import { buildProgram } from "../build.ts";
import { commands } from "../src/cli/commands.ts";
import { version } from "../src/cli/version.ts";

const root = resolve(import.meta.dirname, "..");

/** The sources that are loaded together with an output: its own and those of the chunks that it imports at once. */
function loadedWith(output: string, { outputs }: Metafile, seen = new Set<string>()): readonly string[] {
  if (seen.has(output)) return [];
  seen.add(output);
  const { inputs = {}, imports = [] } = outputs[output] ?? {};
  const atOnce = imports.filter((i) => i.kind === "import-statement" && i.external !== true);
  return [
    ...Object.keys(inputs),
    ...atOnce.flatMap((i) => loadedWith(i.path, { outputs, inputs: {} }, seen)),
  ];
}

function contents(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
    statSync(join(folder, path)).isFile(),
  );
  return new Map(files.sort().map((path) => [path, readFileSync(join(folder, path), "latin1")]));
}

describe("npm run build", function () {
  this.timeout(30_000);
  const folder = mkdtempSync(join(tmpdir(), "eastbound-build-"));
  const [first, second] = [join(folder, "first"), join(folder, "second")];
  const start = join(first, "eastbound.js");
  let metafile: Metafile;

  before(async () => {
    metafile = await buildProgram(first);
    await buildProgram(second);
  });
  after(() => rmSync(folder, { recursive: true }));

  it("gives the same bytes for the same sources", () => {
    assert.deepEqual(contents(second), contents(first));
  });

  it("makes a program that can be started as it is", () => {
    assert.equal(statSync(start).mode & 0o111, 0o111);
    assert.match(readFileSync(start, "utf8"), /^#!\/usr\/bin\/env node\n/);
    assert.equal(execFileSync(start, ["--version"], { encoding: "utf8" }), `eastbound ${version}\n`);
  });

  it("knows every command", () => {
    const overview = execFileSync(process.execPath, [start, "--help"], { encoding: "utf8" });
    for (const { name, summary } of commands) {
      assert.ok(overview.includes(summary), name);
      const help = execFileSync(process.execPath, [start, name, "--help"], { encoding: "utf8" });
      assert.ok(help.startsWith(`Usage: eastbound ${name} `), help);
    }
  });

  it("loads no command, and nothing that commands need, before one is named", () => {
    const loaded = loadedWith(relative(root, start), metafile);
    assert.deepEqual(loaded.toSorted(), [
      ...["closest", "commands", "config-file", "main", "run-command-line", "version"].map(
        (n) => `src/cli/${n}.ts`,
      ),
      "src/resources/error-message.ts",
    ]);
  });

  it("loads for a sidecar behind a controller neither YAML, nor manifests, nor what binds, nor the control plane", () => {
    const chunk = Object.entries(metafile.outputs).find(([, { inputs }]) =>
      Object.hasOwn(inputs, "src/cli/controlled-proxy.ts"),
    )?.[0];
    assert.ok(chunk);
    const loaded = loadedWith(chunk, metafile);
    assert.ok(
      loaded.includes("src/discovery/client/discovery-client.ts") && loaded.includes("src/proxy/proxy.ts"),
    );
    const needless =
      /(^|\/)(yaml|manifests|binding|kubernetes|controller|server|explain|grpc-js|client-node)\//;
    assert.deepEqual(
      loaded.filter((path) => needless.test(path)),
      [],
    );
  });

  it("ships the licence of every package that it bundles", () => {
    const packages = Object.keys(metafile.inputs).flatMap((input) => {
      const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(input) ?? [];
      return name === undefined ? [] : [name];
    });
    const shipped = readFileSync(join(first, "THIRD_PARTY_LICENSES"), "utf8");
    assert.ok(packages.length > 0);
    assert.deepEqual(
      packages.filter((name) => !new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\([^)]+\\)$`, "m").test(shipped)),
      [],
    );
  });
});
