import type { Problem } from "../resources/result.ts";
import { closest } from "./closest.ts";
import type { CommandLine } from "./command-line.ts";
import type { ConfigFile } from "./config-file.ts";
import type { Setting, Settings, ValuesOf } from "./setting.ts";

/** Where settings come from: a flag wins over the environment, the environment over the configuration file. */
export interface Sources {
  readonly commandLine: CommandLine;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly config: ConfigFile | undefined;
}

/** What can be set: `flags` anywhere, `file` (by their keys, as `limits.headBytes`) in the configuration file only. */
export interface SettingTables<F extends Settings, C extends Settings> {
  readonly flags: F;
  readonly file: C;
}

/** A value for each setting, its fallback where what was given is wrong, and every problem. */
export interface Reading<F extends Settings, C extends Settings> {
  readonly flags: ValuesOf<F>;
  readonly file: ValuesOf<C>;
  /** The names that somebody set, rightly or not. */
  readonly given: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

export function readSettings<F extends Settings, C extends Settings>(
  tables: SettingTables<F, C>,
  sources: Sources,
): Reading<F, C> {
  const problems = [...sources.commandLine.problems, ...unknownKeys(tables, sources.config)];
  const given = new Set<string>();
  const read = (name: string, { parse, fallback }: Setting<unknown>, found: Given | undefined): unknown => {
    if (found === undefined) return fallback;
    given.add(name);
    const parsed = parse(found.texts);
    if (parsed.kind === "ok") return parsed.value;
    problems.push({ path: found.path, message: parsed.message });
    return fallback;
  };
  const flags = Object.entries(tables.flags).map(([name, setting]) => {
    return [name, read(name, setting, findFlag(name, setting, sources))];
  });
  const file = Object.entries(tables.file).map(([key, setting]) => {
    return [key, read(key, setting, findKey(key, sources.config))];
  });
  return {
    flags: Object.fromEntries(flags) as ValuesOf<F>,
    file: Object.fromEntries(file) as ValuesOf<C>,
    given,
    problems,
  };
}

interface Given {
  /** What to blame: `--admin`, `EASTBOUND_ADMIN`, `eastbound.yaml: admin`. */
  readonly path: string;
  readonly texts: readonly string[];
}

function findFlag(name: string, setting: Setting<unknown>, sources: Sources): Given | undefined {
  const texts = sources.commandLine.given.get(name);
  if (texts !== undefined) return { path: `--${name}`, texts };
  const variable = variableName(name);
  const text = sources.environment[variable];
  // An empty variable counts as absent: templates leave such ones behind.
  if (text !== undefined && text !== "") {
    const parts = setting.isRepeatable ? text.split(",").map((part) => part.trim()) : [text];
    return { path: variable, texts: parts };
  }
  return isInFile(name) ? findKey(configKey(name), sources.config) : undefined;
}

/** A configuration file can't name another one. */
function isInFile(name: string): boolean {
  return name !== "config";
}

function findKey(key: string, config: ConfigFile | undefined): Given | undefined {
  const texts = config?.entries.get(key);
  return texts === undefined ? undefined : { path: `${config?.path}: ${key}`, texts };
}

function unknownKeys(
  tables: SettingTables<Settings, Settings>,
  config: ConfigFile | undefined,
): readonly Problem[] {
  if (config === undefined) return [];
  const known = [...Object.keys(tables.flags).filter(isInFile).map(configKey), ...Object.keys(tables.file)];
  return [...config.entries.keys()]
    .filter((key) => !known.includes(key))
    .map((key) => {
      const meant = closest(key, known);
      const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
      return { path: `${config.path}: ${key}`, message: `is no setting of this command${hint}` };
    });
}

/** `drain-timeout` → `EASTBOUND_DRAIN_TIMEOUT`. */
export function variableName(name: string): string {
  return `EASTBOUND_${name.toUpperCase().replaceAll("-", "_")}`;
}

/** `drain-timeout` → `drainTimeout`. */
export function configKey(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
