import type { Problem } from "../resources/result.ts";
import { closest } from "./closest.ts";
import type { Settings } from "./setting.ts";

/** What a command line says, by the names of the settings, before any value is looked at. */
export interface CommandLine {
  readonly given: ReadonlyMap<string, readonly string[]>;
  /** What is no flag, in order. */
  readonly operands: readonly string[];
  readonly problems: readonly Problem[];
}

/**
 * Reads the words after the command: `--name VALUE`, `--name=VALUE`, `-n VALUE`, `-nVALUE`, `--switch`, `--no-switch`.
 * After `--` everything is an operand. A value that starts with a dash needs the form with `=`.
 */
export function readCommandLine(words: readonly string[], settings: Settings): CommandLine {
  const given = new Map<string, string[]>();
  const operands: string[] = [];
  const problems: Problem[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (word === "--") {
      operands.push(...words.slice(i + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      operands.push(word);
      continue;
    }
    const flag = readFlag(word, settings);
    if (flag.kind === "unknown") {
      problems.push({ path: flag.shown, message: flag.message });
      continue;
    }
    let value = flag.value;
    if (value === undefined && isValue(words[i + 1])) value = words[++i];
    if (value === undefined) {
      problems.push({ path: `--${flag.name}`, message: `needs a value: ${usageOf(flag.name, settings)}` });
      continue;
    }
    const texts = given.get(flag.name);
    if (texts === undefined) given.set(flag.name, [value]);
    else texts.push(value);
  }
  return { given, operands, problems };
}

type Flag =
  | { readonly kind: "known"; readonly name: string; readonly value: string | undefined }
  | { readonly kind: "unknown"; readonly shown: string; readonly message: string };

function readFlag(word: string, settings: Settings): Flag {
  if (!word.startsWith("--")) return readShortFlag(word, settings);
  const equals = word.indexOf("=");
  const name = word.slice(2, equals < 0 ? undefined : equals);
  const value = equals < 0 ? undefined : word.slice(equals + 1);
  const positive = name.replace(/^no-/, "");
  if (Object.hasOwn(settings, name)) {
    const isSwitch = settings[name]?.placeholder === undefined;
    return { kind: "known", name, value: value ?? (isSwitch ? "true" : undefined) };
  }
  if (
    Object.hasOwn(settings, positive) &&
    settings[positive]?.placeholder === undefined &&
    value === undefined
  ) {
    return { kind: "known", name: positive, value: "false" };
  }
  const meant = closest(name, Object.keys(settings));
  const hint = meant === undefined ? "" : `; did you mean --${meant}?`;
  return { kind: "unknown", shown: `--${name}`, message: `is no flag of this command${hint}` };
}

function readShortFlag(word: string, settings: Settings): Flag {
  const letter = word.slice(1, 2);
  const found = Object.entries(settings).find(([, { short }]) => short === letter);
  if (found === undefined) {
    return { kind: "unknown", shown: `-${letter}`, message: "is no flag of this command" };
  }
  return { kind: "known", name: found[0], value: word.length > 2 ? word.slice(2) : undefined };
}

function isValue(word: string | undefined): boolean {
  return word !== undefined && (!word.startsWith("-") || word === "-");
}

function usageOf(name: string, settings: Settings): string {
  return `--${name}=${settings[name]?.placeholder ?? ""}`;
}
