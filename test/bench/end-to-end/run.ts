import type { Children } from "./children.ts";
import type { ContestantName } from "./contestant.ts";

/** What all parts of a run share. */
export interface Run {
  readonly children: Children;
  /** The core of the proxy that is measured. */
  readonly proxyCpu: number;
  /** The core of the load and the endpoints. */
  readonly loadCpu: number;
  readonly rounds: number;
  /** The time of one measurement. */
  readonly seconds: number;
  readonly contestants: readonly ContestantName[];
  /** An empty folder that goes with the run. */
  createFolder(name: string): Promise<string>;
}

/** A bound that the issue sets, and what was measured. */
export interface Gate {
  readonly name: string;
  readonly measured: number;
  readonly limit: number;
  readonly kind: "at most" | "at least";
  readonly unit: string;
}

export function isMet({ measured, limit, kind }: Gate): boolean {
  return kind === "at most" ? measured <= limit : measured >= limit;
}

/** What a part of a run found: for people and as data. */
export interface Finding {
  readonly scenario: string;
  readonly table: readonly Readonly<Record<string, string>>[];
  readonly gates: readonly Gate[];
  readonly data: unknown;
}
