import type { EventReason } from "./event-reasons.ts";

/** Which object an Event is about. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for cluster-scoped kinds. */
  readonly namespace: string;
  readonly name: string;
  /** `kubectl describe` shows an Event only with it; it is looked up where it is not known. */
  readonly uid?: string;
}

/** Something that users should know. The same draft again counts as the same happening once more. */
export interface EventDraft {
  readonly regarding: ObjectReference;
  readonly reason: EventReason;
  /** Plain words, of any length; cut at what an Event may hold. */
  readonly note: string;
}
