import { isProblem } from "../../binding/route-status.ts";
import { CONTROLLER_NAME } from "../controller-name.ts";
import type { ConditionChange } from "../status/plan-conditions.ts";
import { ROUTE_KINDS } from "../status/route-kinds.ts";
import type { StatusChange, WrittenRoute } from "../status/status-writer.ts";
import type { EventDraft, ObjectReference } from "./event-draft.ts";
import type { EventReason } from "./event-reasons.ts";

/** The reasons for a problem, and for its end, by the type of the condition. */
const REASONS: Readonly<Record<string, { readonly bad: EventReason; readonly good: EventReason }>> = {
  Accepted: { bad: "RouteNotAccepted", good: "RouteAccepted" },
  PartiallyInvalid: { bad: "RoutePartiallyInvalid", good: "RouteValid" },
  ResolvedRefs: { bad: "RefsNotResolved", good: "RefsResolved" },
};

/**
 * The Events that follow from a status that was written: a Warning for each problem that is new or other than before, and
 * a Normal one for each that is over. Because the status itself says what was known before, they come once per change,
 * however often controllers are started anew. A parent that the route no longer names
 * makes none.
 */
export function routeEvents({ route, changes }: StatusChange): readonly EventDraft[] {
  const drafts = new Map<string, EventDraft>();
  for (const change of changes) {
    const event = eventOf(change, route);
    // Parents of one route often share a problem.
    if (event !== undefined) drafts.set(`${event.reason} ${event.note}`, event);
  }
  return [...drafts.values()];
}

function eventOf({ before, after }: ConditionChange, route: WrittenRoute): EventDraft | undefined {
  const reasons = REASONS[(after ?? before)?.type ?? ""];
  if (reasons === undefined) return undefined;
  const regarding = referenceOf(route);
  const wasProblem = before !== undefined && isProblem(before);
  if (after !== undefined && isProblem(after)) {
    const isKnown = wasProblem && before.reason === after.reason && before.message === after.message;
    return isKnown
      ? undefined
      : { regarding, reason: reasons.bad, note: `${after.reason}: ${after.message}` };
  }
  // PartiallyInvalid ends by going.
  const note = after?.message ?? "No rule of the route is left out any more.";
  return wasProblem ? { regarding, reason: reasons.good, note } : undefined;
}

/** Somebody else keeps changing what this controller writes. */
export function statusOverwritten(route: WrittenRoute): EventDraft {
  return {
    regarding: referenceOf(route),
    reason: "StatusOverwritten",
    note:
      `Somebody else keeps changing the entries of ${CONTROLLER_NAME} in status.parents. ` +
      "They are written again, but ever less often.",
  };
}

function referenceOf({ kind, version, namespace, name, uid }: WrittenRoute): ObjectReference {
  return { apiVersion: `${ROUTE_KINDS[kind].group}/${version}`, kind, namespace, name, uid };
}
