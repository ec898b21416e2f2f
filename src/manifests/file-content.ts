import { type ParsedObject, parseObject } from "../resources/parse-object.ts";
import { isRecord } from "../resources/read/field.ts";

/** What a file says: its documents in order, or why it can't be read. Compared by reference: a new one is a change. */
export type FileContent =
  | { readonly kind: "documents"; readonly documents: readonly ManifestDocument[] }
  | { readonly kind: "unreadable"; readonly message: string };

/** The objects of one document: one, none where it is empty, several where it is a list. */
export type ManifestDocument = readonly ParsedObject[];

/** Lists of lists mean the same as one list; deeper ones, or one that holds itself by an alias, are refused. */
const MAX_LIST_DEPTH = 4;

/**
 * Reads the objects out of a document's value. `kind: List`, and any other `…List` with `items`, stands for its
 * items; those of the latter need not repeat the kind and apiVersion that the list's own imply. Places of problems
 * are counted from the document.
 */
export function objectsOfDocument(value: unknown): ManifestDocument {
  return value === undefined || value === null ? [] : objectsOf(value, "", MAX_LIST_DEPTH);
}

function objectsOf(value: unknown, place: string, depth: number): ManifestDocument {
  const list = asList(value);
  if (list === undefined) return [withPlace(parseObject(value), place)];
  if (depth === 0)
    return [{ kind: "invalid", problems: [{ path: place, message: "is a list in too many lists" }] }];
  return list.items.flatMap((item, index) =>
    objectsOf(withType(item, list), `${place === "" ? "" : `${place}.`}items[${index}]`, depth - 1),
  );
}

interface ObjectList {
  readonly items: readonly unknown[];
  /** Of the items; absent where the list says nothing about them. */
  readonly type?: { readonly apiVersion: unknown; readonly kind: string };
}

const LIST_SUFFIX = "List";

function asList(value: unknown): ObjectList | undefined {
  if (!isRecord(value)) return undefined;
  const { apiVersion, kind, items } = value;
  if (typeof kind !== "string" || !kind.endsWith(LIST_SUFFIX) || !Array.isArray(items)) return undefined;
  const itemKind = kind.slice(0, -LIST_SUFFIX.length);
  return {
    items: items as readonly unknown[],
    ...(itemKind === "" ? {} : { type: { apiVersion, kind: itemKind } }),
  };
}

function withType(item: unknown, { type }: ObjectList): unknown {
  return type !== undefined && isRecord(item) && item["kind"] === undefined ? { ...item, ...type } : item;
}

function withPlace(parsed: ParsedObject, place: string): ParsedObject {
  if (parsed.kind !== "invalid" || place === "") return parsed;
  const problems = parsed.problems.map(({ path, message }) => ({
    path: path === "" ? place : `${place}.${path}`,
    message,
  }));
  return { ...parsed, problems };
}
