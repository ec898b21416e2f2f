import { choice, invalid, ok, type Parsed, type ValueType } from "./value-type.ts";

/**
 * One thing that a user can set. Its key in a table of settings is its name: `drain-timeout` is the flag
 * `--drain-timeout`, the variable `EASTBOUND_DRAIN_TIMEOUT` and the key `drainTimeout` of the configuration file.
 */
export interface Setting<V> {
  readonly help: string;
  /** Absent for a switch, which takes no value on the command line. */
  readonly placeholder?: string;
  /** One letter: `H` is `-H`. */
  readonly short?: string;
  readonly isRepeatable: boolean;
  /** Where the value counts when nobody sets it. */
  readonly fallback: V;
  /** The fallback as help shows it; absent where there is nothing to show. */
  readonly shownFallback?: string;
  /** What the texts of one source mean: one of them, or more where it is repeatable. */
  readonly parse: (texts: readonly string[]) => Parsed<V>;
}

export type Settings = Readonly<Record<string, Setting<unknown>>>;

/** The values of a table of settings, under the same names. */
export type ValuesOf<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends Setting<infer V> ? V : never;
};

interface Description {
  readonly help: string;
  readonly short?: string;
  /** What help says of the default, where it depends on something. */
  readonly shownFallback?: string;
}

function single<T>(type: ValueType<T>, texts: readonly string[]): Parsed<T> {
  const [text, ...more] = texts;
  if (text === undefined || more.length > 0) return invalid("must be given once");
  return text === "" ? invalid("must not be empty") : type.parse(text);
}

/** A setting that has a value always. */
export function setting<T>(type: ValueType<T>, fallback: T, about: Description): Setting<T> {
  return {
    shownFallback: type.show(fallback),
    ...about,
    placeholder: type.placeholder,
    isRepeatable: false,
    fallback,
    parse: (texts) => single(type, texts),
  };
}

/** A setting that is undefined unless somebody sets it. */
export function optional<T>(type: ValueType<T>, about: Description): Setting<T | undefined> {
  return {
    ...about,
    placeholder: type.placeholder,
    isRepeatable: false,
    fallback: undefined,
    parse: (texts) => single(type, texts),
  };
}

/** A setting that can be given several times; in the environment its values are separated by commas. */
export function repeatable<T>(
  type: ValueType<T>,
  fallback: readonly T[],
  about: Description,
): Setting<readonly T[]> {
  return {
    ...(fallback.length > 0 && { shownFallback: fallback.map(type.show).join(" and ") }),
    ...about,
    placeholder: type.placeholder,
    isRepeatable: true,
    fallback,
    parse: (texts) => {
      const values: T[] = [];
      const wrong: string[] = [];
      for (const text of texts) {
        const parsed = single(type, [text]);
        if (parsed.kind === "ok") values.push(parsed.value);
        else wrong.push(parsed.message);
      }
      return wrong.length > 0 ? invalid(wrong.join("; ")) : ok(values);
    },
  };
}

const truth = choice(["true", "false"]);

/** Off unless given: `--strict-grants`, `EASTBOUND_STRICT_GRANTS=true`. */
export function toggle(about: Description): Setting<boolean> {
  return {
    ...about,
    isRepeatable: false,
    fallback: false,
    parse: (texts) => {
      const parsed = single(truth, texts);
      return parsed.kind === "ok" ? ok(parsed.value === "true") : parsed;
    },
  };
}
