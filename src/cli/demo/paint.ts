export type Colour = "bold" | "dim" | "red" | "green" | "yellow" | "magenta" | "cyan";

const codes: Readonly<Record<Colour, number>> = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  magenta: 35,
  cyan: 36,
};

/** Colours a text for a terminal, or leaves it as it is. */
export type Paint = (text: string, colour: Colour) => string;

export const plain: Paint = (text) => text;

export const coloured: Paint = (text, colour) => `\x1b[${codes[colour]}m${text}\x1b[0m`;

/** Exactly so many columns: filled up with blanks, or cut with an ellipsis. */
export function fit(text: string, columns: number): string {
  return cut(text, columns).padEnd(columns);
}

/** At most so many columns. */
export function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}
