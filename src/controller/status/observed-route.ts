import { CONTROLLER_NAME } from "../controller-name.ts";
import { ROUTE_KINDS, type RouteKind } from "./route-kinds.ts";

/** What the writer of status has to know of a route as the API server has it. */
export interface ObservedRoute {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  /** The version of the API that it was read in, and so is written in. */
  readonly version: string;
  readonly parents: ObservedParents;
}

/** `no-status`: nobody wrote any yet; `no-parents`: there is a status, but no list in it. */
export type ObservedParents = "no-status" | "no-parents" | readonly (ObservedEntry | "foreign")[];

/** An entry of ours. */
export interface ObservedEntry {
  /** Tells parentRefs apart. */
  readonly key: string;
  /** As they are, those of other writers included. */
  readonly conditions: readonly unknown[];
}

/** The fields of a condition (metav1.Condition). */
export interface ConditionFields {
  readonly type: string;
  readonly status: string;
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly observedGeneration?: unknown;
  readonly lastTransitionTime?: unknown;
}

/**
 * Reads a route as the API server sends it, of any kind in the table; undefined if it has no name or resourceVersion,
 * which can't be. Of foreign entries no more is kept than their places: they are never sent back.
 */
export function readObservedRoute(raw: unknown, kind: RouteKind): ObservedRoute | undefined {
  const route = asRecord(raw);
  const meta = asRecord(route?.["metadata"]);
  if (route === undefined || meta === undefined) return undefined;
  const { namespace = "", name, uid = "", resourceVersion, generation = 0 } = meta;
  if (
    typeof namespace !== "string" ||
    typeof name !== "string" ||
    typeof uid !== "string" ||
    typeof resourceVersion !== "string" ||
    typeof generation !== "number"
  )
    return undefined;
  const version = versionOf(route["apiVersion"], kind);
  const parents = readParents(route["status"]);
  return { namespace, name, uid, resourceVersion, generation, version, parents };
}

/** Items of a list may lack an apiVersion. */
function versionOf(apiVersion: unknown, kind: RouteKind): string {
  const { group, versions } = ROUTE_KINDS[kind];
  const written = typeof apiVersion === "string" ? apiVersion : "";
  return versions.find((version) => written === `${group}/${version}`) ?? versions[0] ?? "v1";
}

function readParents(status: unknown): ObservedParents {
  const fields = asRecord(status);
  if (fields === undefined) return "no-status";
  const { parents } = fields;
  return Array.isArray(parents) ? parents.map(readEntry) : "no-parents";
}

function readEntry(raw: unknown): ObservedEntry | "foreign" {
  const entry = asRecord(raw);
  if (entry?.["controllerName"] !== CONTROLLER_NAME) return "foreign";
  const conditions: unknown = entry["conditions"];
  return {
    key: parentKey(asRecord(entry["parentRef"]) ?? {}),
    conditions: Array.isArray(conditions) ? conditions : [],
  };
}

/**
 * The same for parentRefs that mean the same. Group and kind are compared with the defaults that the API server fills in
 * (https://gateway-api.sigs.k8s.io/reference/spec/#parentreference); a namespace that is written is not the same as one
 * that is not, because a route may have both.
 */
export function parentKey(ref: { readonly [field in ParentField]?: unknown }): string {
  const { group = "gateway.networking.k8s.io", kind = "Gateway", namespace, name, sectionName, port } = ref;
  return JSON.stringify([group, kind, namespace, name, sectionName, port]);
}

type ParentField = "group" | "kind" | "namespace" | "name" | "sectionName" | "port";

/** A condition, if it is one. */
export function asCondition(raw: unknown): ConditionFields | undefined {
  const fields = asRecord(raw);
  const { type, status } = fields ?? {};
  return typeof type === "string" && typeof status === "string" ? { ...fields, type, status } : undefined;
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
