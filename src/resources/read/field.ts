import type { Problem, Result } from "../result.ts";

/** A value inside the object being parsed, with its place in it and the list that its problems go to. */
export interface Field {
  readonly value: unknown;
  /** Its name in the parent object, its index in the parent list; empty for the object itself. */
  readonly key: string | number;
  readonly parent: Field | undefined;
  readonly problems: Problem[];
}

/**
 * Reads a value of a known meaning out of a field. What is wrong goes to the field's problems, and some value of the
 * type comes back all the same, so that reading goes on and finds the other problems; `parseWith` drops it.
 */
export type Read<T> = (field: Field) => T;

/** Reads a whole object: the value, or every problem found on the way. */
export function parseWith<T>(input: unknown, read: Read<T>): Result<T> {
  const problems: Problem[] = [];
  const value = read({ value: input, key: "", parent: undefined, problems });
  return problems.length === 0 ? { kind: "ok", value } : { kind: "invalid", problems };
}

export function report(field: Field, message: string): void {
  field.problems.push({ path: pathOf(field), message });
}

/** The API makes no difference between a field that is null and one that is missing. */
export function isAbsent(field: Field): boolean {
  return field.value === undefined || field.value === null;
}

/** The field of that name. Only own properties count, so `constructor` or `__proto__` are never found by accident. */
export function member(field: Field, name: string): Field {
  const { value, problems } = field;
  const found = isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return { value: found, key: name, parent: field, problems };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `spec.rules[0].name`, counted from the whole object or from a field above this one. */
export function pathOf(field: Field, from?: Field): string {
  let path = "";
  for (let at: Field | undefined = field; at?.parent !== undefined && at !== from; at = at.parent) {
    path = `${segment(at.key)}${path}`;
  }
  return path.startsWith(".") ? path.slice(1) : path;
}

const PLAIN_NAME = /^[A-Za-z_][\w-]*$/;

function segment(key: string | number): string {
  if (typeof key === "number") return `[${key}]`;
  return PLAIN_NAME.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
