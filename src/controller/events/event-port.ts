import type { ObjectReference } from "./event-draft.ts";

/** An Event as it is made (events.k8s.io/v1). */
export interface NewEvent {
  readonly namespace: string;
  readonly name: string;
  readonly regarding: ObjectReference;
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** How often it has happened already. */
  readonly count: number;
}

/** That it happened again. */
export interface EventSeries {
  readonly namespace: string;
  readonly name: string;
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export type EventAnswer =
  /** It is there, and says that it happened so often. */
  | { readonly kind: "event"; readonly count: number }
  | { readonly kind: "exists" }
  /** There is none (any more); for a new one: its namespace takes none. */
  | { readonly kind: "gone" }
  | { readonly kind: "failed"; readonly message: string };

/** Events at the API server. Outcomes are values; what is thrown counts as failed. */
export interface EventPort {
  create(event: NewEvent, signal: AbortSignal): Promise<EventAnswer>;
  read(namespace: string, name: string, signal: AbortSignal): Promise<EventAnswer>;
  update(series: EventSeries, signal: AbortSignal): Promise<EventAnswer>;
  /** The uid of an object; undefined if there is none, or it can't be told. */
  uidOf(object: ObjectReference, signal: AbortSignal): Promise<string | undefined>;
}
