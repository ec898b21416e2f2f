import { readFileSync } from "node:fs";

/** One import or re-export of a module, as its source has it. */
export interface Import {
  readonly specifier: string;
  /** `types` are erased before anything runs; `lazy` is an `import()`, loaded when it is reached. */
  readonly kind: "value" | "types" | "lazy";
  readonly isReExport: boolean;
}

const statement = /^(import|export)\b(?:\s+(type)\b(?!\s*(?:,|from\b)))?([^;"]*?)\bfrom\s*"([^"]+)"/gm;
const sideEffect = /^import\s*"([^"]+)"/gm;
const call = /\bimport\(\s*(?:"([^"]+)")?/g;
const comment = /^\s*(?:\/\/|\/?\*)/;

/**
 * The imports of a source text.
 *
 * TypeScript 7 has no parser to call, so this leans on what format and lint enforce: a static import starts in the
 * first column and has double quotes, and no type is written as `import("…")`. test/architecture.test.ts holds the
 * outcome against esbuild's. Throws where an `import()` takes anything but a literal: nobody could tell what it loads.
 */
export function importsOf(source: string): readonly Import[] {
  const found: Import[] = [];
  for (const [, keyword, type, clause = "", specifier = ""] of source.matchAll(statement)) {
    const isReExport = keyword === "export";
    if (isReExport && !/^\s*[*{]/.test(clause)) continue;
    found.push({ specifier, kind: type === undefined ? "value" : "types", isReExport });
  }
  for (const [, specifier = ""] of source.matchAll(sideEffect)) {
    found.push({ specifier, kind: "value", isReExport: false });
  }
  const code = source.split("\n").filter((line) => !comment.test(line));
  for (const [text, specifier] of code.join("\n").matchAll(call)) {
    if (specifier === undefined) throw new Error(`imports something that is no literal: ${text}`);
    found.push({ specifier, kind: "lazy", isReExport: false });
  }
  return found;
}

export function importsOfFile(path: string): readonly Import[] {
  return importsOf(readFileSync(path, "utf8"));
}
