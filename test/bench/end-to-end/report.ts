import { type Finding, type Gate, isMet } from "./run.ts";
import type { Spread } from "./statistics.ts";

/** Lines of a Markdown table, its columns aligned. */
function tableLines(rows: readonly Readonly<Record<string, string>>[]): readonly string[] {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const widths = columns.map((column) =>
    Math.max(column.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, index) => pad(cell, widths[index] ?? 0, index)).join(" | ")} |`;
  return [
    line(columns),
    `|${widths.map((width, index) => (index === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`,
    ...rows.map((row) => line(columns.map((column) => row[column] ?? ""))),
  ];
}

function pad(cell: string, width: number, index: number): string {
  return index === 0 ? cell.padEnd(width) : cell.padStart(width);
}

export function printFinding({ scenario, table, gates }: Finding): void {
  console.log(`\n## ${scenario}\n`);
  for (const line of tableLines(table)) console.log(line);
  if (gates.length > 0) console.log("");
  for (const gate of gates) console.log(gateLine(gate));
}

function gateLine(gate: Gate): string {
  const { name, measured, limit, kind, unit } = gate;
  const figure = (value: number): string => `${value.toFixed(2)}${unit}`;
  return `${isMet(gate) ? "PASS" : "FAIL"}  ${name}: ${figure(measured)} (${kind} ${figure(limit)})`;
}

/** `12.3 (11.9–12.8)`: the median and between what it lay. */
export function spreadText({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

export const mebibytes = (bytes: number): number => bytes / (1_024 * 1_024);
