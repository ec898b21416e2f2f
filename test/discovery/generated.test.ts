import assert from "node:assert/strict";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GENERATED, generate } from "../../generate.ts";

function contents(folder: string): ReadonlyMap<string, string> {
  const names = globSync("**/*.ts", { cwd: folder }).sort();
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

describe("src/discovery/generated", () => {
  it("is what npm run generate writes", () => {
    const folder = mkdtempSync(join(tmpdir(), "eastbound-generated-"));
    try {
      generate(folder);
      assert.deepEqual(contents(GENERATED), contents(folder));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
