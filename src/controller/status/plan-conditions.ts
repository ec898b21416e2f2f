import type { PatchOperation } from "./json-patch.ts";
import { asCondition, type ConditionFields } from "./observed-route.ts";

/** What a condition shall say. */
export interface WantedCondition {
  readonly type: string;
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}

/** A condition of ours that says something else than before. */
export interface ConditionChange {
  /** Absent where there was none of the type. */
  readonly before?: ConditionFields;
  /** Absent where it went. */
  readonly after?: WantedCondition;
}

export interface ConditionPlan {
  /** Empty where nothing is to be done. */
  readonly operations: readonly PatchOperation[];
  readonly changes: readonly ConditionChange[];
  /** All conditions as they will be, to be written whole where the list is new or moves. */
  readonly outcome: readonly unknown[];
}

export interface ConditionTarget {
  readonly wanted: readonly WantedCondition[];
  /** The types that are ours: those that are there and not wanted go, those of other types stay as they are. */
  readonly ownTypes: ReadonlySet<string>;
  /** Of the list. */
  readonly path: string;
  /** RFC 3339, for conditions whose status changes. */
  readonly now: string;
}

/** https://gateway-api.sigs.k8s.io/reference/spec/#routeparentstatus: a list has room for eight. */
const MAX_CONDITIONS = 8;

/**
 * How a list of conditions becomes what is wanted, each of ours at its place and the others untouched: they may belong
 * to somebody else, even in an entry of ours. lastTransitionTime stays where the status does
 * (https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md).
 */
export function planConditions(observed: readonly unknown[], target: ConditionTarget): ConditionPlan {
  const { wanted, ownTypes, path, now } = target;
  const operations: PatchOperation[] = [];
  const removals: PatchOperation[] = [];
  const changes: ConditionChange[] = [];
  const outcome: unknown[] = [];
  const missing = new Map(wanted.map((condition) => [condition.type, condition]));
  for (const [index, raw] of observed.entries()) {
    const before = asCondition(raw);
    const after = before === undefined ? undefined : missing.get(before.type);
    if (before === undefined || (after === undefined && !ownTypes.has(before.type))) {
      outcome.push(raw);
    } else if (after === undefined) {
      removals.unshift({ op: "remove", path: `${path}/${index}` });
      changes.push({ before });
    } else {
      missing.delete(after.type);
      const value = isSame(before, after) ? raw : written(after, before, now);
      outcome.push(value);
      if (value === raw) continue;
      operations.push({ op: "replace", path: `${path}/${index}`, value });
      changes.push({ before, after });
    }
  }
  const additions: PatchOperation[] = [];
  for (const after of [...missing.values()].slice(0, MAX_CONDITIONS - outcome.length)) {
    const value = written(after, undefined, now);
    additions.push({ op: "add", path: `${path}/-`, value });
    outcome.push(value);
    changes.push({ after });
  }
  return { operations: [...operations, ...removals, ...additions], changes, outcome };
}

function isSame(before: ConditionFields, after: WantedCondition): boolean {
  return (
    before.status === after.status &&
    before.reason === after.reason &&
    before.message === after.message &&
    before.observedGeneration === after.observedGeneration
  );
}

function written(after: WantedCondition, before: ConditionFields | undefined, now: string): unknown {
  const { type, status, observedGeneration, reason, message } = after;
  const kept = before?.status === status ? before.lastTransitionTime : undefined;
  const lastTransitionTime = typeof kept === "string" ? kept : now;
  return { type, status, observedGeneration, lastTransitionTime, reason, message };
}
