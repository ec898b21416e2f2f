import { type Field, isAbsent, type Read, report } from "./field.ts";

/** What a text must look like. `form` completes the sentence "must be …". */
export interface TextRule {
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: RegExp;
  readonly form?: string;
}

export function text(rule: TextRule = {}): Read<string> {
  return (field) => {
    if (typeof field.value !== "string") return mistyped(field, "a string", "");
    const fault = textFault(field.value, rule);
    if (fault !== undefined) report(field, fault);
    return field.value;
  };
}

/** Lengths are checked before the pattern, so that a pattern never sees a text of unbounded length. */
function textFault(value: string, rule: TextRule): string | undefined {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern, form = "of another form" } = rule;
  if (value.length < minLength)
    return minLength === 1 ? "must not be empty" : `must have ${minLength} characters`;
  if (value.length > maxLength) return `must have at most ${maxLength} characters, not ${value.length}`;
  return pattern === undefined || pattern.test(value) ? undefined : `must be ${form}, not ${show(value)}`;
}

/** A whole number; the bounds are included. */
export function integer(min: number, max: number): Read<number> {
  return (field) => {
    const { value } = field;
    if (typeof value !== "number") return mistyped(field, "a number", min);
    if (!Number.isSafeInteger(value)) report(field, `must be a whole number, not ${value}`);
    else if (value < min || value > max) report(field, `must be ${range(min, max)}, not ${value}`);
    return value;
  };
}

function range(min: number, max: number): string {
  return max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `between ${min} and ${max}`;
}

export function flag(field: Field): boolean {
  return typeof field.value === "boolean" ? field.value : mistyped(field, "true or false", false);
}

/** One of a closed list of words. */
export function oneOf<const T extends string>(words: readonly [T, ...T[]]): Read<T> {
  return (field) => {
    if (typeof field.value !== "string") return mistyped(field, "a string", words[0]);
    const word = words.find((candidate) => candidate === field.value);
    if (word === undefined) report(field, `must be one of ${words.join(", ")}, not ${show(field.value)}`);
    return word ?? words[0];
  };
}

export function optional<T>(read: Read<T>): Read<T | undefined> {
  return (field) => (isAbsent(field) ? undefined : read(field));
}

export function withDefault<T>(read: Read<T>, fallback: T): Read<T> {
  return (field) => (isAbsent(field) ? fallback : read(field));
}

/** Reports a value of the wrong type, or none where one is required, and stands in for it. */
export function mistyped<T>(field: Field, expected: string, standIn: T): T {
  report(field, isAbsent(field) ? "is required" : `must be ${expected}, not ${typeName(field.value)}`);
  return standIn;
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return typeof value === "boolean" ? `${value}` : `a ${typeof value}`;
}

const SHOWN_LENGTH = 80;

/** A value as a message quotes it: control characters escaped, and cut where it is long. */
export function show(value: string): string {
  const quoted = JSON.stringify(value.slice(0, SHOWN_LENGTH));
  return value.length > SHOWN_LENGTH ? `${quoted}…` : quoted;
}
