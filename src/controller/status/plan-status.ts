import type { ParentStatus, RouteStatus } from "../../binding/route-status.ts";
import { CONTROLLER_NAME } from "../controller-name.ts";
import { onlyTo, type PatchOperation } from "./json-patch.ts";
import { type ObservedEntry, type ObservedRoute, parentKey } from "./observed-route.ts";
import { type ConditionChange, planConditions } from "./plan-conditions.ts";

/** What to do about the status of one route. */
export type StatusPlan =
  /** It says what it shall, but for parents of ours that find no room in the list. */
  | { readonly kind: "nothing"; readonly omitted: number }
  /** The route is newer than what was judged: a later judgement comes. */
  | { readonly kind: "wait" }
  | {
      readonly kind: "patch";
      readonly operations: readonly PatchOperation[];
      /** In the entries that stay or are new. */
      readonly changes: readonly ConditionChange[];
      readonly omitted: number;
    };

/** The list of parents has room for 32. */
const MAX_PARENTS = 32;

const OWN_TYPES: ReadonlySet<string> = new Set(["Accepted", "ResolvedRefs", "PartiallyInvalid"]);

/**
 * How the status becomes what is wanted; `wanted` undefined: no entry of ours. The steps name entries of ours only, so
 * that the API server itself keeps the others, to the byte and at their places. Entries of ours keep their places as
 * well, and take them in the order of the route's parentRefs when something is written; what is new goes to the end.
 * An order that somebody else gave them is no reason to write.
 */
export function planStatus(
  route: ObservedRoute,
  wanted: RouteStatus | undefined,
  { now }: { readonly now: string },
): StatusPlan {
  const parents = wanted?.parents ?? [];
  const judged = parents[0]?.conditions[0]?.observedGeneration ?? route.generation;
  if (judged < route.generation) return { kind: "wait" };

  const places = placesOf(route);
  const foreign = typeof route.parents === "string" ? 0 : route.parents.length - places.length;
  const entries = parents.slice(0, MAX_PARENTS - foreign).map((parent) => planEntry(parent, places, now));
  const isSettled =
    entries.length === places.length &&
    entries.every(({ isNew, operations }) => !isNew && operations.length === 0);
  const omitted = parents.length - entries.length;
  if (isSettled) return { kind: "nothing", omitted };
  return {
    kind: "patch",
    operations: [onlyTo(route.resourceVersion), ...planList(route, places, entries)],
    changes: entries.flatMap(({ changes }) => changes),
    omitted,
  };
}

interface Place {
  readonly index: number;
  readonly entry: ObservedEntry;
}

function placesOf({ parents }: ObservedRoute): readonly Place[] {
  if (typeof parents === "string") return [];
  return parents.flatMap((entry, index) => (entry === "foreign" ? [] : [{ index, entry }]));
}

interface EntryPlan {
  readonly key: string;
  readonly isNew: boolean;
  /** On the entry where it stands. */
  readonly operations: readonly PatchOperation[];
  readonly changes: readonly ConditionChange[];
  /** The whole entry, for another place. */
  readonly value: unknown;
}

function planEntry(
  { parentRef, conditions }: ParentStatus,
  places: readonly Place[],
  now: string,
): EntryPlan {
  const key = parentKey(parentRef);
  const place = places.find(({ entry }) => entry.key === key);
  const path = `/status/parents/${place?.index ?? "-"}`;
  const observed = place?.entry.conditions ?? [];
  const { operations, changes, outcome } = planConditions(observed, {
    wanted: conditions,
    ownTypes: OWN_TYPES,
    path: `${path}/conditions`,
    now,
  });
  const value = { parentRef, controllerName: CONTROLLER_NAME, conditions: outcome };
  // There may be no list to add to.
  const inPlace: readonly PatchOperation[] =
    observed.length > 0 ? operations : [{ op: "replace", path, value }];
  return { key, isNew: place === undefined, operations: inPlace, changes, value };
}

function planList(
  { parents }: ObservedRoute,
  places: readonly Place[],
  entries: readonly EntryPlan[],
): readonly PatchOperation[] {
  const values = entries.map(({ value }) => value);
  if (parents === "no-status") return [{ op: "add", path: "/status", value: { parents: values } }];
  if (parents === "no-parents") return [{ op: "add", path: "/status/parents", value: values }];
  const operations: PatchOperation[] = [];
  for (const [slot, { key, operations: inPlace, value }] of entries.entries()) {
    const place = places[slot];
    if (place === undefined) operations.push({ op: "add", path: "/status/parents/-", value });
    else if (place.entry.key === key && isFirstOfItsKey(places, place)) operations.push(...inPlace);
    else operations.push({ op: "replace", path: `/status/parents/${place.index}`, value });
  }
  // From the end, so that the places before it stay what they are.
  for (const { index } of places.slice(entries.length).reverse())
    operations.push({ op: "remove", path: `/status/parents/${index}` });
  return operations;
}

/** The one that `planEntry` has looked at, should there be two. */
function isFirstOfItsKey(places: readonly Place[], { entry }: Place): boolean {
  return places.find((place) => place.entry.key === entry.key)?.entry === entry;
}
