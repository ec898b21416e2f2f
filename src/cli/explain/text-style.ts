import type { CommandContext } from "../command.ts";
import { wrapWords } from "../wrap-words.ts";

/** How parts of a text are set off on a terminal; each function gives the text back as it is where there is none. */
export interface TextStyle {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
}

/** By ANSI escape sequences (ECMA-48, SGR). */
export function textStyle(hasColours: boolean): TextStyle {
  const styled = (on: number, off: number) => (text: string) =>
    hasColours ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return {
    bold: styled(1, 22),
    dim: styled(2, 22),
    good: styled(32, 39),
    bad: styled(31, 39),
    warn: styled(33, 39),
  };
}

/** https://no-color.org: any value that is not empty turns colours off. */
export function hasColours({
  isOutputTerminal,
  environment,
}: Pick<CommandContext, "isOutputTerminal" | "environment">): boolean {
  return isOutputTerminal && (environment["NO_COLOR"] ?? "") === "" && environment["TERM"] !== "dumb";
}

const WIDTH = 100;

/**
 * A paragraph behind a lead (`Service    `, `  ✔ `): the lines after the first one are indented as far. Words longer
 * than a line stay whole.
 */
export function paragraph(
  lead: string,
  text: string,
  style: (line: string) => string = (line) => line,
): string[] {
  const indent = " ".repeat(lead.length);
  return wrapWords(text, WIDTH - lead.length).map(
    (line, index) => `${index === 0 ? lead : indent}${style(line)}`,
  );
}

/** Columns padded to the widest cell of each, those with nothing in them left out; the last one is not padded. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows.reduce<readonly number[]>(
    (known, row) => row.map((cell, index) => Math.max(known[index] ?? 0, cell.length)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .filter((cell) => cell !== "")
      .join("  ")
      .trimEnd(),
  );
}
