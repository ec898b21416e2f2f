import type { HeaderChange } from "../../routing/explain-effect.ts";

/** Changes of headers as rows of a table: `request header  set x-env: canary`. */
export function changeRows(label: string, changes: readonly HeaderChange[]): string[][] {
  return changes.map(({ action, name, value }) => [
    label,
    `${action} ${name}${value === undefined ? "" : `: ${value}`}`,
  ]);
}
