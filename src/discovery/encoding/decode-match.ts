import { headerName, literalPath, methodName, pathExpression } from "../../resources/http-route/syntax.ts";
import type { HttpRouteMatch, PathMatch, Unsupported, ValueMatch } from "../../resources/http-route.ts";
import { defined, get, listOf, object } from "../../resources/read/collection.ts";
import type { Field } from "../../resources/read/field.ts";
import { optional, text } from "../../resources/read/scalar.ts";
import { caseOf, unknownFieldOf } from "./decode-message.ts";

const VALUE = { minLength: 1, maxLength: 4096 };

/** A match. One with a part that this version does not know becomes a match that nothing matches. */
export function readMatch(field: Field): HttpRouteMatch {
  const at = object(field);
  const unknown = unknownFieldOf(at.value as object);
  const path = get(at, "path", readPath);
  return {
    path: unknown === undefined ? path : unknownPart("match", unknown),
    headers: get(at, "headers", listOf(readValueMatch)),
    queryParams: get(at, "queryParams", listOf(readValueMatch)),
    ...defined({ method: get(at, "method", optional(text(methodName))) }),
  };
}

function unknownPart(field: string, value: number | string): Unsupported {
  return { kind: "Unsupported", field, value: `unknown (${value})` };
}

function readPath(field: Field): PathMatch {
  const at = object(field);
  const kind = get(at, "kind", caseOf);
  if (kind === undefined) return unknownPart("path", unknownFieldOf(at.value as object) ?? "empty");
  switch (kind.name) {
    case "exact":
      return { kind: "Exact", value: literalPath(kind.value) };
    case "prefix":
      return { kind: "PathPrefix", value: literalPath(kind.value) };
    case "regularExpression":
      return { kind: "RegularExpression", value: text(pathExpression)(kind.value) };
    default:
      return readUnsupported(kind.value);
  }
}

function readValueMatch(field: Field): ValueMatch {
  const at = object(field);
  const kind = get(at, "kind", caseOf);
  const unknown = unknownFieldOf(at.value as object);
  if (kind === undefined || unknown !== undefined) return unknownPart("value", unknown ?? "empty");
  if (kind.name === "unsupported") return readUnsupported(kind.value);
  return {
    kind: kind.name === "exact" ? "Exact" : "RegularExpression",
    name: get(at, "name", text(headerName)),
    value: text(VALUE)(kind.value),
  };
}

function readUnsupported(field: Field): Unsupported {
  const at = object(field);
  return { kind: "Unsupported", field: get(at, "field", text()), value: get(at, "value", text()) };
}
