import type { Cors } from "../http-route.ts";
import { get, listOf, object } from "../read/collection.ts";
import { type Field, type Read, report } from "../read/field.ts";
import { flag, integer, type TextRule, text, withDefault } from "../read/scalar.ts";
import { corsOrigin, headerName, methodName } from "./syntax.ts";

const DEFAULT_MAX_AGE_SECONDS = 5;
const MAX_INT32 = 2_147_483_647;

/** A CORS filter. Origins become lower-case, as browsers send them. */
export function readCors(field: Field): Cors {
  const at = object(field);
  return {
    allowOrigins: get(at, "allowOrigins", wordsOrWildcard(corsOrigin, 64)).map((origin) =>
      origin.toLowerCase(),
    ),
    allowMethods: get(at, "allowMethods", wordsOrWildcard(methodOrWildcard, 9)),
    allowHeaders: get(at, "allowHeaders", wordsOrWildcard(headerName, 64)),
    exposeHeaders: get(at, "exposeHeaders", listOf(text(headerName), { maxItems: 64 })),
    allowCredentials: get(at, "allowCredentials", withDefault(flag, false)),
    maxAgeSeconds: get(at, "maxAge", withDefault(integer(1, MAX_INT32), DEFAULT_MAX_AGE_SECONDS)),
  };
}

const methodOrWildcard: TextRule = {
  ...methodName,
  pattern: /^(?:\*|[A-Z][A-Z-]*)$/,
  form: `* or ${methodName.form}`,
};

/** A list of words, or `*` alone. */
function wordsOrWildcard(rule: TextRule, maxItems: number): Read<readonly string[]> {
  const readWords = listOf(text(rule), { maxItems });
  return (field) => {
    const words = readWords(field);
    if (words.includes("*") && words.length > 1) report(field, "must have no other item beside *");
    return words;
  };
}
