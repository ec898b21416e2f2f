import type { HeaderModifier, HeaderValue } from "../http-route.ts";
import { firstOfEach, get, listOf, object } from "../read/collection.ts";
import { type Field, member, report } from "../read/field.ts";
import { text } from "../read/scalar.ts";
import { headerName, headerValue } from "./syntax.ts";

/**
 * A header modifier. Names are compared without case. Of the entries of one name in `set` or in `add` the first
 * counts; several different actions on one name are invalid, says the API, since their order would be a guess
 * (https://gateway-api.sigs.k8s.io/reference/spec/, HTTPHeaderFilter).
 */
export function readHeaderModifier(field: Field): HeaderModifier {
  const at = object(field);
  const modifier: HeaderModifier = {
    set: firstOfEach(get(at, "set", listOf(readHeader, { maxItems: 16 })), lowerCaseName),
    add: firstOfEach(get(at, "add", listOf(readHeader, { maxItems: 16 })), lowerCaseName),
    remove: firstOfEach(get(at, "remove", listOf(text(headerName), { maxItems: 16 })), (name) =>
      name.toLowerCase(),
    ),
  };
  checkOneActionPerName(at, modifier);
  return modifier;
}

function readHeader(field: Field): HeaderValue {
  const at = object(field);
  return { name: get(at, "name", text(headerName)), value: get(at, "value", text(headerValue)) };
}

function lowerCaseName(header: HeaderValue): string {
  return header.name.toLowerCase();
}

function checkOneActionPerName(field: Field, { set, add, remove }: HeaderModifier): void {
  const actions = new Map<string, string>();
  const claim = (action: string, name: string): void => {
    const earlier = actions.get(name);
    if (earlier === undefined) actions.set(name, action);
    else report(member(field, action), `names ${name}, which ${earlier} names too; one action per header`);
  };
  for (const header of set) claim("set", lowerCaseName(header));
  for (const header of add) claim("add", lowerCaseName(header));
  for (const name of remove) claim("remove", name.toLowerCase());
}
