import type { ResourceType } from "../resource-types.ts";
import type { SidecarIdentity } from "./resource-catalogue.ts";

/** One connected sidecar, for people. Times are ages in milliseconds at the moment of looking. */
export interface SessionView {
  readonly identity: SidecarIdentity;
  /** What the sidecar says of itself; free text of at most 128 characters each. */
  readonly client: { readonly id: string; readonly version: string };
  readonly connectedForMs: number;
  readonly types: readonly TypeView[];
  /** The oldest of the types; absent while all are in sync. */
  readonly behindForMs?: number;
}

/**
 * `in-sync`: the sidecar has what there is. `behind`: something was not sent yet, or not answered. `refused`: it would not
 * take something, and goes on with what it had.
 */
export type SyncState = "in-sync" | "behind" | "refused";

export interface TypeView {
  readonly type: ResourceType;
  /** The worst of its resources. */
  readonly state: SyncState;
  readonly resources: readonly ResourceView[];
  /** Since when something that the sidecar wants is not what it has; absent while it is in sync. */
  readonly behindForMs?: number;
  readonly lastNack?: NackView;
}

/** Versions are absent for what was not sent or not accepted, and empty for what does not exist. */
export interface ResourceView {
  readonly name: string;
  readonly sentVersion?: string;
  readonly acceptedVersion?: string;
  readonly behindForMs?: number;
}

export interface NackView {
  readonly reason: string;
  readonly ageMs: number;
  /** What the refused response held; at most 16 of them. */
  readonly resources: readonly { readonly name: string; readonly version: string }[];
}
