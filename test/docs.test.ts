import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { showByteSize } from "../src/cli/byte-size.ts";
import { showDuration } from "../src/cli/duration.ts";
import { generalSettings } from "../src/cli/general-settings.ts";
import { proxyFlags } from "../src/cli/proxy-settings.ts";
import { configKey, variableName } from "../src/cli/read-settings.ts";
import type { Settings } from "../src/cli/setting.ts";
import { type Limit, PROXY_LIMITS } from "../src/proxy/limits.ts";

const root = join(import.meta.dirname, "..");

type Row = readonly string[];

function table(head: Row, rows: readonly Row[]): string {
  const lines = [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
  return `\n${lines.join("\n").replaceAll("| --- ", "|---").replaceAll("--- |", "---|")}\n`;
}

const code = (text: string): string => `\`${text.replaceAll("|", "\\|")}\``;

function flagTable(settings: Settings): string {
  const rows = Object.entries(settings).map(([name, setting]) => {
    const value = setting.placeholder === undefined ? "" : ` ${setting.placeholder}`;
    const key = name === "config" ? "" : code(configKey(name));
    const help = setting.isRepeatable ? `${setting.help}; repeatable` : setting.help;
    return [code(`--${name}${value}`), code(variableName(name)), key, setting.shownFallback ?? "", help];
  });
  return table(["flag", "in the environment", "in the file", "default", "what it says"], rows);
}

function limitTable(limits: readonly Limit[]): string {
  const show: Readonly<Record<Limit["unit"], (value: number) => string>> = {
    bytes: showByteSize,
    ms: showDuration,
    count: String,
    percent: String,
  };
  const rows = limits.map(({ key, unit, fallback, min, max, help }) => {
    return [code(key), show[unit](fallback), `${show[unit](min)} to ${show[unit](max)}`, help];
  });
  return table(["key", "default", "may be", "what it bounds"], rows);
}

/** What stands between `<!-- name -->` and the next `<!-- end -->`. */
const sectionOf = (name: string): RegExp => new RegExp(`(?<=<!-- ${name} -->\n)[^]*?(?=<!-- end -->)`);

describe("docs/proxy.md", () => {
  const path = join(root, "docs/proxy.md");
  const sections = [
    { name: "flags", is: flagTable({ ...proxyFlags, ...generalSettings }) },
    { name: "limits", is: limitTable(Object.values(PROXY_LIMITS)) },
  ];
  for (const { name, is } of sections) {
    it(`has the ${name} of the program (UPDATE_GOLDEN=1 writes them)`, () => {
      const text = readFileSync(path, "utf8");
      if (process.env["UPDATE_GOLDEN"] === "1")
        writeFileSync(
          path,
          text.replace(sectionOf(name), () => `${is}\n`),
        );
      assert.equal(sectionOf(name).exec(readFileSync(path, "utf8"))?.[0], `${is}\n`);
    });
  }
});

describe("links of the documents", () => {
  for (const file of ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/proxy.md"]) {
    it(`of ${file} lead somewhere`, () => {
      const text = readFileSync(join(root, file), "utf8");
      const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target = ""]) => target);
      for (const target of links)
        assert.doesNotThrow(() => readFileSync(join(root, file, "..", target)), target);
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
