import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { showByteSize } from "../src/cli/byte-size.ts";
import { showDuration } from "../src/cli/duration.ts";
import { generalSettings } from "../src/cli/general-settings.ts";
import { proxyFlags } from "../src/cli/proxy-settings.ts";
import { type Limit, PROXY_LIMITS } from "../src/proxy/limits.ts";
import { documentSection, markdownCode, markdownTable } from "./support/document-section.ts";
import { flagTable } from "./support/flag-table.ts";

const root = join(import.meta.dirname, "..");

function limitTable(limits: readonly Limit[]): string {
  const show: Readonly<Record<Limit["unit"], (value: number) => string>> = {
    bytes: showByteSize,
    ms: showDuration,
    count: String,
    percent: String,
  };
  const rows = limits.map(({ key, unit, fallback, min, max, help }) => {
    return [markdownCode(key), show[unit](fallback), `${show[unit](min)} to ${show[unit](max)}`, help];
  });
  return markdownTable(["key", "default", "may be", "what it bounds"], rows);
}

describe("docs/proxy.md", () => {
  const path = join(root, "docs/proxy.md");
  const sections = [
    { name: "flags", is: flagTable({ ...proxyFlags, ...generalSettings }) },
    { name: "limits", is: limitTable(Object.values(PROXY_LIMITS)) },
  ];
  for (const { name, is } of sections) {
    it(`has the ${name} of the program (UPDATE_GOLDEN=1 writes them)`, () => {
      assert.equal(documentSection(path, name, is), is);
    });
  }
});

describe("links of the documents", () => {
  for (const file of globSync(["*.md", "docs/*.md"], { cwd: root })) {
    it(`of ${file} lead somewhere`, () => {
      const text = readFileSync(join(root, file), "utf8");
      const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target = ""]) => target);
      for (const target of links) assert.ok(existsSync(join(root, file, "..", target)), target);
    });
  }

  it("name scripts that there are", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    for (const file of ["README.md", "CONTRIBUTING.md"]) {
      const named = [...readFileSync(join(root, file), "utf8").matchAll(/npm run ([a-z:-]+)/g)];
      assert.deepEqual(
        named.map(([, name = ""]) => name).filter((name) => !(name in scripts)),
        [],
      );
    }
  });
});
