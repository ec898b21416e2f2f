import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "../src/cli/commands.ts";
import { curlCommand, EXAMPLE_PORT_BASE, exampleRequests } from "../src/cli/demo/shop.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const readme = read("README.md");

/** What is indented as code, without the indentation. */
const code = readme
  .split("\n")
  .filter((line) => line.startsWith("    ") || line === "")
  .map((line) => line.slice(4))
  .join("\n");

describe("README.md", () => {
  it("names scripts of package.json", () => {
    const { scripts } = JSON.parse(read("package.json")) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    const named = [...readme.matchAll(/npm (start|test)\b/g)].map(([, name = ""]) => name);
    assert.deepEqual(new Set(named), new Set(["start", "test"]));
    assert.deepEqual(
      named.filter((name) => !(name in scripts)),
      [],
    );
  });

  const lines = [...code.matchAll(/^node_modules\/\.bin\/node (\S+) (\w+) (.*)$/gm)];
  it("shows how to run commands", () => assert.ok(lines.length >= 2));
  for (const [line, program = "", name = "", rest = ""] of lines) {
    it(`has a command that can be run: ${line}`, async () => {
      const command = await commands.find((entry) => entry.name === name)?.load();
      const planned = command?.plan({
        words: rest.split(" "),
        environment: {},
        config: undefined,
        isTerminal: false,
      });
      assert.ok(existsSync(join(root, program)));
      assert.equal(planned?.kind, "ok");
    });
  }

  it("shows the canary as it is", () => {
    assert.ok(
      code.includes(
        read("examples/shop/canary.yaml")
          .replace(/^#.*\n/gm, "")
          .trimEnd(),
      ),
    );
  });

  for (const request of exampleRequests) {
    const command = curlCommand(request, EXAMPLE_PORT_BASE);
    it(`has in its table: ${command}`, () => assert.ok(code.includes(command)));
  }

  it("names flags of the demo that there are", async () => {
    const demo = await commands.find(({ name }) => name === "demo")?.load();
    const flags = [...readme.matchAll(/npm start -- --([a-z-]+)/g)].map(([, flag = ""]) => flag);
    assert.deepEqual(
      flags.filter((flag) => flag !== "help" && !(flag in (demo?.flags ?? {}))),
      [],
    );
  });
});
