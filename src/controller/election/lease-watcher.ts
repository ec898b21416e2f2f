import type { LeaseRecord } from "./lease-port.ts";

/** The longest that a holder's own `leaseDurationSeconds` is honoured, so that no typo in it stops elections for good. */
const longestDurationMs = 600_000;

/**
 * Judges another replica's Lease by this replica's own clock alone: it is in force for its duration from the moment when
 * this replica last *saw* it change. Clocks may be wrong or jump; what counts is that they go equally fast. As the holder
 * counts from before it sent the renewal, and others from after they saw it, the holder always ends first.
 */
export class LeaseWatcher {
  readonly #durationMs: number;
  #seen: { readonly record: LeaseRecord; readonly atMs: number } | undefined;

  /** @param durationMs how long a change protects its holder, unless the Lease itself says longer */
  constructor(durationMs: number) {
    this.#durationMs = durationMs;
  }

  /** The holder as last seen; "" when nobody holds the Lease or it was not seen yet. */
  get holder(): string {
    return this.#seen?.record.holder ?? "";
  }

  /** @param nowMs after the answer with the record came */
  see(record: LeaseRecord, nowMs: number): void {
    if (this.#seen === undefined || !isSame(this.#seen.record, record)) this.#seen = { record, atMs: nowMs };
  }

  /**
   * For how much longer nobody but its holder may take the Lease: 0 = it is free. This holds for a Lease that was deleted
   * since, too: its holder may not know yet.
   */
  heldForMs(nowMs: number): number {
    if (this.#seen === undefined || this.#seen.record.holder === "") return 0;
    const own = Math.min(this.#seen.record.durationSeconds * 1_000, longestDurationMs);
    return Math.max(0, this.#seen.atMs + Math.max(own, this.#durationMs) - nowMs);
  }
}

function isSame(a: LeaseRecord, b: LeaseRecord): boolean {
  return (
    a.holder === b.holder &&
    a.renewTime === b.renewTime &&
    a.acquireTime === b.acquireTime &&
    a.transitions === b.transitions &&
    a.durationSeconds === b.durationSeconds
  );
}
