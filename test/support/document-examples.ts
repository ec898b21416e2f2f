import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

/** A block of YAML in a document with the table that follows it, if one does. */
export interface DocumentExample {
  /** The heading above it. */
  readonly heading: string;
  readonly yaml: string;
  /** By the names of the columns. */
  readonly rows: readonly Readonly<Record<string, string>>[];
}

export function documentExamples(path: string): readonly DocumentExample[] {
  const lines = readFileSync(path, "utf8").split("\n");
  const examples: { heading: string; yaml: string; rows: Record<string, string>[] }[] = [];
  let heading = "";
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (line.startsWith("#")) heading = line.replace(/^#+ /, "");
    if (line !== "```yaml") continue;
    const end = lines.indexOf("```", at);
    assert.ok(end > at, `a block that does not end, in ${heading}`);
    const table = lines.slice(end + 2);
    const rows = table.slice(
      0,
      table.findIndex((text) => !text.startsWith("|")),
    );
    examples.push({ heading, yaml: lines.slice(at + 1, end).join("\n"), rows: tableRows(rows) });
    at = end;
  }
  return examples;
}

/** The rows of a Markdown table without its head. */
export function tableRows(lines: readonly string[]): Record<string, string>[] {
  const [head = [], , ...rows] = lines.map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  );
  return rows.map((cells) => Object.fromEntries(head.map((name, index) => [name, cells[index] ?? ""])));
}

/** A cell's code spans, each with the word before it. */
export function codeSpans(cell: string): readonly { readonly word: string; readonly code: string }[] {
  return [...cell.matchAll(/(?:(\w+)\s+)?`([^`]+)`/g)].map(([, word = "", code = ""]) => ({ word, code }));
}
