import { type Field, isAbsent, isRecord, member, pathOf, type Read, report } from "./field.ts";
import { mistyped, text } from "./scalar.ts";

/**
 * The field as an object to read members of. Where it is none, that is the one problem reported: what comes back is
 * empty, and the problems of its members go nowhere.
 */
export function object(field: Field): Field {
  if (isRecord(field.value)) return field;
  mistyped(field, "an object", undefined);
  return { ...field, value: {}, problems: [] };
}

/** As `object`, but an absent one is the same as an empty one. */
export function objectOrEmpty(field: Field): Field {
  return isAbsent(field) ? { ...field, value: {} } : object(field);
}

/** Reads one member of an object. */
export function get<T>(field: Field, name: string, read: Read<T>): T {
  return read(member(field, name));
}

export interface ListRule {
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** A list; an absent one is empty, whatever the minimum says. */
export function listOf<T>(read: Read<T>, rule: ListRule = {}): Read<readonly T[]> {
  return (field) => {
    if (isAbsent(field)) return [];
    if (!Array.isArray(field.value)) return mistyped(field, "a list", []);
    const items = field.value as readonly unknown[];
    const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = rule;
    if (items.length < minItems) report(field, `must have at least ${minItems} ${noun(minItems)}`);
    if (items.length > maxItems) report(field, `must have at most ${maxItems} items, not ${items.length}`);
    return items.map((value, key) => read({ value, key, parent: field, problems: field.problems }));
  };
}

function noun(count: number): string {
  return count === 1 ? "item" : "items";
}

/** A list that must be there. */
export function requiredListOf<T>(read: Read<T>, rule: ListRule = {}): Read<readonly T[]> {
  const readList = listOf(read, rule);
  return (field) => (isAbsent(field) ? mistyped(field, "a list", []) : readList(field));
}

/** Labels and annotations. The record has no prototype, so that no key can reach one. */
export function textRecord(field: Field): Readonly<Record<string, string>> {
  const at = objectOrEmpty(field);
  const record: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const name of Object.keys(at.value as object)) {
    record[name] = get(at, name, text());
  }
  return record;
}

/**
 * Reports every item whose key an earlier item has too. `what` names the key in the message. Items with problems of
 * their own are passed over, since what stands in for their values would look like a duplicate.
 */
export function reportDuplicates<T>(
  field: Field,
  items: readonly T[],
  what: string,
  keyOf: (item: T) => string | undefined,
): void {
  const faulty = faultyItems(field);
  const first = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const key = faulty.has(index) ? undefined : keyOf(item);
    const earlier = key === undefined ? undefined : first.get(key);
    if (earlier !== undefined) report(itemOf(field, index), `has the same ${what} as item ${earlier}`);
    else if (key !== undefined) first.set(key, index);
  }
}

/** The item of a list, as a place to report a problem at. */
export function itemOf(field: Field, index: number): Field {
  return { value: undefined, key: index, parent: field, problems: field.problems };
}

function faultyItems(field: Field): ReadonlySet<number> {
  const prefix = `${pathOf(field)}[`;
  const places = field.problems.map(({ path }) => path).filter((path) => path.startsWith(prefix));
  return new Set(places.map((path) => Number.parseInt(path.slice(prefix.length), 10)));
}

/** The items without those whose key an earlier item has: the first one of each key counts. */
export function firstOfEach<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const key = keyOf(item);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Object members as they are to be spread: those that are undefined are left out. */
export function defined<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
