import { readFileSync, writeFileSync } from "node:fs";

type Row = readonly string[];

/** A table between blank lines. */
export function markdownTable(head: Row, rows: readonly Row[]): string {
  const lines = [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
  return `\n${lines.join("\n").replaceAll("| --- ", "|---").replaceAll("--- |", "---|")}\n\n`;
}

export function markdownCode(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}

/**
 * What a document has between `<!-- name -->` and the next `<!-- end -->`. With UPDATE_GOLDEN=1 it gets what it should
 * have first.
 */
export function documentSection(path: string, name: string, should: string): string | undefined {
  const section = new RegExp(`(?<=<!-- ${name} -->\n)[^]*?(?=<!-- end -->)`);
  if (process.env["UPDATE_GOLDEN"] === "1") {
    const text = readFileSync(path, "utf8");
    writeFileSync(
      path,
      text.replace(section, () => should),
    );
  }
  return section.exec(readFileSync(path, "utf8"))?.[0];
}
