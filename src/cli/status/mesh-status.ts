import type { SidecarReport, SidecarsReport } from "../../controller/sidecar-report.ts";

/** What was asked of one replica, and what came of it. */
export type ReplicaAnswer =
  | { readonly kind: "answered"; readonly source: string; readonly report: SidecarsReport }
  | { readonly kind: "failed"; readonly source: string; readonly message: string };

/** All sidecars of all replicas that answered. */
export interface MeshStatus {
  readonly replicas: readonly ReplicaStatus[];
  /** By namespace and pod. */
  readonly sidecars: readonly SidecarStatus[];
}

export type ReplicaStatus =
  | { readonly controller: string; readonly sidecars: number }
  | { readonly controller: string; readonly problem: string };

export interface SidecarStatus extends SidecarReport {
  /** The replica that it is connected to. */
  readonly controller: string;
  /** False where something is wrong, or on its way for too long. */
  readonly isInSync: boolean;
}

/** A change is on its way for milliseconds; a sidecar that has not taken it by now has a problem. */
const ON_ITS_WAY_MS = 5_000;

export function meshStatus(answers: readonly ReplicaAnswer[]): MeshStatus {
  const replicas = answers.map(
    (answer): ReplicaStatus =>
      answer.kind === "answered"
        ? { controller: answer.report.controller, sidecars: answer.report.sidecars.length }
        : { controller: answer.source, problem: answer.message },
  );
  const sidecars = answers.flatMap((answer) => (answer.kind === "answered" ? sidecarsOf(answer.report) : []));
  return {
    replicas: replicas.sort((a, b) => byText(a.controller, b.controller)),
    sidecars: sidecars.sort((a, b) => byText(nameOf(a), nameOf(b)) || byText(a.controller, b.controller)),
  };
}

function sidecarsOf({ controller, sidecars }: SidecarsReport): readonly SidecarStatus[] {
  return sidecars.map((sidecar) => ({ ...sidecar, controller, isInSync: sidecar.types.every(isInSync) }));
}

function isInSync({ state, forMs = 0 }: SidecarReport["types"][number]): boolean {
  return state === "in-sync" || (state === "behind" && forMs < ON_ITS_WAY_MS);
}

/** Whether every replica answered, one at least, and every sidecar has what there is. */
export function isHealthy({ replicas, sidecars }: MeshStatus): boolean {
  return (
    replicas.length > 0 &&
    replicas.every((replica) => "sidecars" in replica) &&
    sidecars.every((sidecar) => sidecar.isInSync)
  );
}

export function nameOf({ namespace, pod }: SidecarReport): string {
  return `${namespace}/${pod}`;
}

function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
