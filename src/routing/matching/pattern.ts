import type { RegularExpression } from "../../resources/regular-expression.ts";
import { compileRegularExpression } from "../../resources/regular-expression.ts";

/**
 * A regular expression that is compiled when a text first gets to it: of thousands on one Service few are ever
 * tried, and a compiled one takes kilobytes. One that can't be compiled matches nothing.
 */
export class Pattern {
  readonly expression: string;
  #compiled: RegularExpression | undefined;

  constructor(expression: string) {
    this.expression = expression;
  }

  /** Whether the expression matches the whole of a text. */
  matches(text: string): boolean {
    this.#compiled ??= compileOrNever(this.expression);
    return this.#compiled.matches(text);
  }
}

function compileOrNever(expression: string): RegularExpression {
  const compiled = compileRegularExpression(expression);
  return compiled.kind === "ok" ? compiled.value : { matches: () => false };
}
