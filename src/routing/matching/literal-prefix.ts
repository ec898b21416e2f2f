const QUANTIFIERS = "*?{";
const SPECIAL = "\\.+*?()[]{}|^$";

/**
 * Text with which everything begins that a regular expression (RE2 syntax) matches in full; empty where none is
 * known. It is only a filter, and so may be too short but never too long.
 */
export function literalPrefix(expression: string): string {
  if (hasOuterAlternative(expression)) return "";
  let prefix = "";
  let position = expression.startsWith("^") ? 1 : 0;
  for (;;) {
    const literal = literalAt(expression, position);
    if (literal === undefined) return prefix;
    const next = position + literal.length;
    const follower = expression.charAt(next);
    if (follower !== "" && QUANTIFIERS.includes(follower)) return prefix;
    prefix += literal.charAt(literal.length - 1);
    // One or more: what follows the first is not known.
    if (follower === "+") return prefix;
    position = next;
  }
}

/** A character that stands for itself, or a backslash and one; undefined at anything else and at the end. */
function literalAt(expression: string, position: number): string | undefined {
  const character = expression.charAt(position);
  if (character === "" || isBeyondAscii(character)) return undefined;
  if (!SPECIAL.includes(character)) return character;
  const escaped = expression.charAt(position + 1);
  const isEscapedLiteral = character === "\\" && escaped !== "" && /[^0-9A-Za-z]/.test(escaped);
  return isEscapedLiteral && !isBeyondAscii(escaped) ? character + escaped : undefined;
}

/** Left to the expression itself: a character beyond ASCII may be half of a pair that a quantifier follows. */
function isBeyondAscii(character: string): boolean {
  return character.charCodeAt(0) > 0x7e;
}

/** Whether there may be a `|` outside of all groups; unsure means yes. */
function hasOuterAlternative(expression: string): boolean {
  if (!expression.includes("|")) return false;
  let depth = 0;
  for (let index = 0; index < expression.length; index += 1) {
    const character = expression.charAt(index);
    // A class or a quotation may hold brackets and bars that mean nothing.
    if (character === "[" || expression.startsWith("\\Q", index)) return true;
    if (character === "\\") index += 1;
    else if (character === "(") depth += 1;
    else if (character === ")") depth -= 1;
    else if (character === "|" && depth === 0) return true;
  }
  return false;
}
