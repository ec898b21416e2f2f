import { type Field, report } from "./read/field.ts";
import { mistyped, show } from "./read/scalar.ts";

const DURATION = /^(?:\d{1,5}(?:h|m|s|ms)){1,4}$/;
const PARTS = /\d+[hms]+/g;

/**
 * Reads a Gateway API duration: one to four parts of up to five digits and a unit, `1h30m`, `500ms`
 * (https://gateway-api.sigs.k8s.io/geps/gep-2257/). In milliseconds; undefined where the text is none.
 */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let sum = 0;
  for (const [part] of text.matchAll(PARTS)) {
    sum += Number.parseInt(part, 10) * unitMs(part);
  }
  return sum;
}

function unitMs(part: string): number {
  if (part.endsWith("ms")) return 1;
  if (part.endsWith("s")) return 1000;
  return part.endsWith("m") ? 60_000 : 3_600_000;
}

/** As a field reader, in milliseconds. */
export function duration(field: Field): number {
  if (typeof field.value !== "string") return mistyped(field, "a duration such as 500ms", 0);
  const parsed = parseDuration(field.value);
  if (parsed === undefined) {
    report(field, `must be a duration such as 500ms or 1h30m, not ${show(field.value)}`);
  }
  return parsed ?? 0;
}
