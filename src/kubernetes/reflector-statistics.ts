/** `waiting` before another try after a failure; `absent` while no CRD serves the resource. */
export type ReflectorState = "listing" | "watching" | "waiting" | "absent" | "stopped";

/**
 * Why all objects were listed: at the start; because the server no longer knew the version to go on from; because it
 * refused it; because watches brought nothing, not even a bookmark; because something unreadable came, so that a change
 * may have been missed.
 */
export type ListReason = "start" | "expired" | "refused" | "silent" | "malformed";

/** How a watch ended: by the server in good order, as too old, cut for its silence, by anything else. */
export type WatchEnd = "ended" | "expired" | "stalled" | "failed";

/** What a reflector has done so far. Times are of its clock. */
export interface ReflectorStatistics {
  readonly state: ReflectorState;
  /** That are held now. */
  readonly objects: number;
  /** Lists that were complete. */
  readonly lists: Readonly<Record<ListReason, number>>;
  /** Added, modified and deleted. */
  readonly events: number;
  readonly bookmarks: number;
  readonly watchEnds: Readonly<Record<WatchEnd, number>>;
  /** Requests without success, and ends of watches by an error; cuts for silence included. */
  readonly errors: number;
  /** The last of them, in the server's words. */
  readonly lastError: string | undefined;
  /** Events and items that were no objects, or too large. */
  readonly malformed: number;
  /** Objects that `read` threw at. */
  readonly skipped: number;
  /** Batches that `onChanges` threw at. */
  readonly handlerErrors: number;
  /** When the server last said anything: what is held is at least as fresh as this, but for the way. */
  readonly lastHeardMs: number | undefined;
}

export type MutableStatistics = {
  -readonly [K in keyof ReflectorStatistics]: ReflectorStatistics[K] extends Readonly<Record<infer N, number>>
    ? Record<N, number>
    : ReflectorStatistics[K];
};

export function emptyStatistics(): MutableStatistics {
  return {
    state: "listing",
    objects: 0,
    lists: { start: 0, expired: 0, refused: 0, silent: 0, malformed: 0 },
    events: 0,
    bookmarks: 0,
    watchEnds: { ended: 0, expired: 0, stalled: 0, failed: 0 },
    errors: 0,
    lastError: undefined,
    malformed: 0,
    skipped: 0,
    handlerErrors: 0,
    lastHeardMs: undefined,
  };
}
