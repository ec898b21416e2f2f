import { RE2JS } from "re2js";

/**
 * A regular expression that is compiled when a text first gets to it: of thousands on one Service few are ever
 * tried, and a compiled one takes kilobytes. One that can't be compiled matches nothing.
 */
export class Pattern {
  readonly expression: string;
  #matches: ((text: string) => boolean) | undefined;

  constructor(expression: string) {
    this.expression = expression;
  }

  /** Whether the expression matches the whole of a text. */
  matches(text: string): boolean {
    this.#matches ??= compile(this.expression);
    return this.#matches(text);
  }
}

function compile(expression: string): (text: string) => boolean {
  try {
    const compiled = RE2JS.compile(expression);
    return (text) => compiled.testExact(text);
  } catch {
    return () => false;
  }
}
