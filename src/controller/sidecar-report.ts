import type { ResourceType } from "../discovery/resource-types.ts";
import type { SessionView, SyncState, TypeView } from "../discovery/server/session-view.ts";

/** What `GET /sidecars` answers: the sidecars of one replica. Times are ages, so that clocks need not agree. */
export interface SidecarsReport {
  /** The replica. */
  readonly controller: string;
  readonly sidecars: readonly SidecarReport[];
}

export interface SidecarReport {
  readonly namespace: string;
  readonly pod: string;
  readonly node?: string;
  readonly serviceAccount: string;
  /** What the sidecar says of itself. */
  readonly client: { readonly id: string; readonly version: string };
  readonly connectedForMs: number;
  readonly types: readonly TypeReport[];
}

export interface TypeReport {
  readonly type: ResourceType;
  readonly state: SyncState;
  /** How many names the sidecar subscribes to. */
  readonly resources: number;
  /** Since when it is not in sync. */
  readonly forMs?: number;
  /** The last refusal, over or not. */
  readonly lastRefusal?: RefusalReport;
}

export interface RefusalReport {
  readonly reason: string;
  readonly ageMs: number;
  /** What the refused response held, as far as it is kept. */
  readonly names: readonly string[];
}

/** What the hub knows of a sidecar, without the single resources. */
export function reportSidecar({ identity, client, connectedForMs, types }: SessionView): SidecarReport {
  const { namespace, pod, serviceAccount, node } = identity;
  return {
    namespace,
    pod,
    ...(node !== undefined && { node }),
    serviceAccount,
    client,
    connectedForMs: Math.round(connectedForMs),
    types: types.map(reportType),
  };
}

function reportType({ type, state, resources, behindForMs, lastNack }: TypeView): TypeReport {
  return {
    type,
    state,
    resources: resources.length,
    ...(behindForMs !== undefined && { forMs: Math.round(behindForMs) }),
    ...(lastNack !== undefined && {
      lastRefusal: {
        reason: lastNack.reason,
        ageMs: Math.round(lastNack.ageMs),
        names: lastNack.resources.map(({ name }) => name),
      },
    }),
  };
}
