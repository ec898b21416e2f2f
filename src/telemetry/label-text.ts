/** A label set: names from a closed list, values that no client chooses. */
export type Labels = Readonly<Record<string, string>>;

/** What every label of the series says that takes what is over the limit. */
const OVERFLOW = "overflow";

const special = /[\\"\n]/g;
const names: Readonly<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n" };

/**
 * A label set as both formats write it, without braces: `service="cart",port="80"`; values in the order of the names.
 */
export function labelText(labelNames: readonly string[], labels: Labels): string {
  let text = "";
  for (const name of labelNames) {
    text += `${text === "" ? "" : ","}${name}="${escapeLabelValue(labels[name] ?? "")}"`;
  }
  return text;
}

export function overflowText(labelNames: readonly string[]): string {
  return labelText(labelNames, Object.fromEntries(labelNames.map((name) => [name, OVERFLOW])));
}

function escapeLabelValue(value: string): string {
  return value.toWellFormed().replace(special, (character) => names[character] ?? character);
}

/** A help text as Prometheus' format writes it; OpenMetrics escapes quotes there too. */
export function escapeHelp(help: string, escapesQuotes: boolean): string {
  const well = help.toWellFormed();
  return well.replace(special, (each) => (each === '"' && !escapesQuotes ? each : (names[each] ?? each)));
}
