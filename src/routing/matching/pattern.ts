import { RE2JS } from "re2js";

export interface Pattern {
  matches(text: string): boolean;
}

/** Matches nothing: what an expression that can't be compiled is taken for. */
const NEVER: Pattern = { matches: () => false };

export function compilePattern(expression: string): Pattern {
  try {
    const compiled = RE2JS.compile(expression);
    return { matches: (text) => compiled.testExact(text) };
  } catch {
    return NEVER;
  }
}
