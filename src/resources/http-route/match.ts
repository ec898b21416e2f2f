import type { HttpRouteMatch, PathMatch, Unsupported, ValueMatch } from "../http-route.ts";
import { defined, firstOfEach, get, listOf, object } from "../read/collection.ts";
import { type Field, member, pathOf, type Read } from "../read/field.ts";
import { optional, type TextRule, text, withDefault } from "../read/scalar.ts";
import { headerName, literalPath, methodName, pathExpression } from "./syntax.ts";

/** What a match without a path matches: every path. */
const EVERY_PATH: PathMatch = { kind: "PathPrefix", value: "/" };

/** What a rule without matches matches: every request. */
export const EVERY_REQUEST: HttpRouteMatch = { path: EVERY_PATH, headers: [], queryParams: [] };

/** One match. `rule` is the rule it belongs to, from which the places of unsupported values are counted. */
export function readMatch(rule: Field): Read<HttpRouteMatch> {
  return (field) => {
    const at = object(field);
    return {
      path: get(at, "path", withDefault(readPathMatch(rule), EVERY_PATH)),
      headers: get(at, "headers", readValueMatches({ rule, value: HEADER_VALUE, isCaseSensitive: false })),
      queryParams: get(
        at,
        "queryParams",
        readValueMatches({ rule, value: PARAMETER_VALUE, isCaseSensitive: true }),
      ),
      ...defined({ method: get(at, "method", optional(text(methodName))) }),
    };
  };
}

/** A value of a list that the API may extend and that this version does not know. */
export function unsupported(field: Field, value: string, rule: Field): Unsupported {
  return { kind: "Unsupported", field: pathOf(field, rule), value };
}

function readPathMatch(rule: Field): Read<PathMatch> {
  return (field) => {
    const at = object(field);
    const kind = get(at, "type", withDefault(text(), "PathPrefix"));
    switch (kind) {
      case "Exact":
      case "PathPrefix":
        return { kind, value: get(at, "value", withDefault(literalPath, "/")) };
      case "RegularExpression":
        return { kind, value: get(at, "value", withDefault(text(pathExpression), "/")) };
      default:
        return unsupported(member(at, "type"), kind, rule);
    }
  };
}

const HEADER_VALUE: TextRule = { minLength: 1, maxLength: 4096 };
const PARAMETER_VALUE: TextRule = { minLength: 1, maxLength: 1024 };

interface ValueMatchForm {
  readonly rule: Field;
  readonly value: TextRule;
  /** Of the name; those of headers are not, and become lower-case. */
  readonly isCaseSensitive: boolean;
}

/** Header or parameter matches. "Subsequent entries with an equivalent header name MUST be ignored." */
function readValueMatches(form: ValueMatchForm): Read<readonly ValueMatch[]> {
  const readMatches = listOf(readNamedMatch(form), { maxItems: 16 });
  return (field) => firstOfEach(readMatches(field), (named) => named.name).map((named) => named.match);
}

function readNamedMatch(form: ValueMatchForm): Read<{ readonly name: string; readonly match: ValueMatch }> {
  return (field) => {
    const at = object(field);
    const written = get(at, "name", text(headerName));
    const name = form.isCaseSensitive ? written : written.toLowerCase();
    const kind = get(at, "type", withDefault(text(), "Exact"));
    return kind === "Exact" || kind === "RegularExpression"
      ? { name, match: { kind, name, value: get(at, "value", text(form.value)) } }
      : { name, match: unsupported(member(at, "type"), kind, form.rule) };
  };
}
