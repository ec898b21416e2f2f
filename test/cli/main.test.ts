import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { version } from "../../src/cli/version.ts";

const main = join(import.meta.dirname, "../../src/cli/main.ts");

describe("the program", () => {
  const cases = [
    { words: ["--version"], status: 0, stdout: `eastbound ${version}\n`, stderr: /^$/ },
    {
      words: ["prxoy"],
      status: 2,
      stdout: "",
      stderr: /^eastbound: prxoy is no command.*\nTry: eastbound --help\n$/,
    },
  ];
  for (const { words, status, stdout, stderr } of cases) {
    it(`ends with ${status} after: eastbound ${words.join(" ")}`, () => {
      const ended = spawnSync(process.execPath, [main, ...words], { encoding: "utf8" });
      assert.equal(ended.stdout, stdout);
      assert.match(ended.stderr, stderr);
      assert.equal(ended.status, status);
    });
  }
});
