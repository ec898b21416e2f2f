import { RE2JS } from "re2js";
import { messageOf } from "./error-message.ts";

/** A compiled regular expression. */
export interface RegularExpression {
  /**
   * Whether the WHOLE text matches, as if the pattern stood between `^(?:` and `)$`. That is how Envoy, and so Istio,
   * reads the RegularExpression matches of a route; a pattern that shall match a part says so itself, with `.*`.
   * The text is compared as it came in, bytes as Latin-1 characters. Time grows with the text's length only.
   */
  matches(text: string): boolean;
}

export type CompiledExpression =
  | { readonly kind: "ok"; readonly value: RegularExpression }
  | { readonly kind: "invalid"; readonly message: string };

const MAX_PATTERN_LENGTH = 1024;

/**
 * In instructions of the compiled program. A pattern of full length without counted repetitions fits; what is over
 * it came of repetitions like `(.{100}){10}`, whose first match of a long text may take a tenth of a second.
 */
const MAX_PROGRAM_SIZE = 1100;

/** What the cache of automaton states of one expression may take. The library's own default is 8 MB. */
const CACHE_BYTES = 1_048_576;

/**
 * Compiles a pattern of RE2 syntax (https://github.com/google/re2/wiki/Syntax): no look-around, no
 * back-references, and so no input that takes exponential time.
 */
export function compileRegularExpression(pattern: string): CompiledExpression {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    return invalid(`the pattern has ${pattern.length} characters, more than ${MAX_PATTERN_LENGTH}`);
  }
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    // The library has no other way of saying that a pattern is malformed.
    return invalid(messageOf(error));
  }
  const size = compiled.programSize();
  if (size > MAX_PROGRAM_SIZE) {
    return invalid(`the pattern compiles to ${size} steps, more than ${MAX_PROGRAM_SIZE}: repeat less`);
  }
  limitCache(compiled);
  return { kind: "ok", value: { matches: (text) => compiled.testExact(text) } };
}

/** Expressions that the library runs on the automaton are the only ones with a cache. */
function limitCache(compiled: RE2JS): void {
  const program = compiled.re2();
  if (program.prefixComplete || program.onepass !== null) return;
  program.dfa.stateBudget = CACHE_BYTES;
  program.dfa.memBudget = CACHE_BYTES;
}

function invalid(message: string): CompiledExpression {
  return { kind: "invalid", message };
}
