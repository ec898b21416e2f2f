/** What a text of the command line, the environment or the configuration file means, or why it means nothing. */
export type Parsed<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "invalid"; readonly message: string };

/** A kind of value: how it is read, how it is shown (`show` gives a text that `parse` takes), what it is called. */
export interface ValueType<T> {
  /** In help: `--drain-timeout DURATION`. */
  readonly placeholder: string;
  readonly parse: (text: string) => Parsed<T>;
  readonly show: (value: T) => string;
}

/** Both ends included. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

export function ok<T>(value: T): Parsed<T> {
  return { kind: "ok", value };
}

export function invalid(message: string): Parsed<never> {
  return { kind: "invalid", message };
}

/** The value if it lies within the bounds; else a message that shows them as the user would write them. */
export function within(value: number, bounds: Bounds, show: (value: number) => string): Parsed<number> {
  if (value >= bounds.min && value <= bounds.max) return ok(value);
  return invalid(`must be ${show(bounds.min)} to ${show(bounds.max)}, not ${show(value)}`);
}

export function integer(bounds: Bounds): ValueType<number> {
  return {
    placeholder: "N",
    parse: (text) =>
      /^\d{1,15}$/.test(text)
        ? within(Number(text), bounds, String)
        : invalid(`must be a whole number, not ${JSON.stringify(text)}`),
    show: String,
  };
}

export function choice<const T extends string>(options: readonly T[]): ValueType<T> {
  return {
    placeholder: options.join("|"),
    parse: (text) => {
      const found = options.find((option) => option === text);
      return found === undefined
        ? invalid(`must be ${options.join(" or ")}, not ${JSON.stringify(text)}`)
        : ok(found);
    },
    show: (value) => value,
  };
}

/** A path of the file system; whether it is there is for the command to find out. */
export function path(placeholder: "DIR" | "FILE"): ValueType<string> {
  return {
    placeholder,
    parse: (text) => (text.includes("\0") ? invalid("must be a path, and holds a NUL") : ok(text)),
    show: (value) => value,
  };
}

/** A text of a given shape; `shape` says it in words: "a DNS label". */
export function text(placeholder: string, pattern: RegExp, shape: string): ValueType<string> {
  return {
    placeholder,
    parse: (given) =>
      pattern.test(given) ? ok(given) : invalid(`must be ${shape}, not ${JSON.stringify(given)}`),
    show: (value) => value,
  };
}

/** The name of a namespace. */
export const namespaceName = text("NS", /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "a DNS label");
