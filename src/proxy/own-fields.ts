import type { HeaderStep } from "../routing/header-steps.ts";

export type OwnFields = readonly (readonly [name: string, value: string])[];

/**
 * The fields of an answer of the proxy's own after a route's response header changes, which apply to it as they do to
 * a backend's response: so a browser may read why it failed (CORS), and headers that a route promises are there. Envoy
 * does the same with its local replies.
 */
export function changedFields(fields: OwnFields, steps: readonly HeaderStep[]): OwnFields {
  return steps.length === 0 ? fields : steps.reduce(changed, fields);
}

function changed(fields: OwnFields, { kind, name, lowerCaseName, value }: HeaderStep): OwnFields {
  const isNamed = ([other]: readonly [string, string]): boolean => other.toLowerCase() === lowerCaseName;
  if (kind === "remove") return fields.filter((field) => !isNamed(field));
  if (kind === "set") return [...fields.filter((field) => !isNamed(field)), [name, value]];
  const last = lowerCaseName === "set-cookie" ? -1 : fields.findLastIndex(isNamed);
  const before = fields[last];
  return before === undefined
    ? [...fields, [name, value]]
    : fields.with(last, [before[0], `${before[1]},${value}`]);
}
