import type { Problem, Result } from "../resources/result.ts";

/** The configuration file: the texts of each key, nested ones with dots (`limits.headBytes`). */
export interface ConfigFile {
  /** As the user named it. */
  readonly path: string;
  readonly entries: ReadonlyMap<string, readonly string[]>;
}

/**
 * Reads a configuration file: a YAML mapping of scalars, of lists of scalars where a setting is repeatable, and of
 * mappings for groups. Which keys there are is not looked at. The parser is loaded only here.
 */
export async function parseConfigFile(path: string, text: string): Promise<Result<ConfigFile>> {
  // By its default export: a bundle gives dynamic imports of CommonJS no named ones (esbuild, with splitting).
  const { default: yaml } = await import("yaml");
  const { parseDocument } = yaml;
  const document = parseDocument(text, { prettyErrors: true, stringKeys: true });
  const problems: Problem[] = document.errors.map((error) => ({ path, message: error.message.trim() }));
  const entries = new Map<string, readonly string[]>();
  if (problems.length === 0) {
    const content: unknown = document.toJS();
    if (isMapping(content)) collect(content, "", { path, entries, problems });
    else if (content !== null) problems.push({ path, message: "must be a mapping of settings" });
  }
  return problems.length > 0 ? { kind: "invalid", problems } : { kind: "ok", value: { path, entries } };
}

interface Collected {
  readonly path: string;
  readonly entries: Map<string, readonly string[]>;
  readonly problems: Problem[];
}

function collect(mapping: Readonly<Record<string, unknown>>, prefix: string, into: Collected): void {
  for (const [key, value] of Object.entries(mapping)) {
    const name = `${prefix}${key}`;
    const texts = Array.isArray(value) ? value.map(textOf) : [textOf(value)];
    if (isMapping(value)) collect(value, `${name}.`, into);
    else if (texts.every((text) => text !== undefined)) into.entries.set(name, texts);
    else
      into.problems.push({
        path: `${into.path}: ${name}`,
        message: "must be a text, a number or true or false",
      });
  }
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}
