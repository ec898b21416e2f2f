import type { AnyObject } from "./objects.ts";

interface DeploymentStatus {
  readonly observedGeneration?: number;
  readonly updatedReplicas?: number;
  readonly availableReplicas?: number;
  readonly replicas?: number;
}

/** Whether all pods of a Deployment are of its newest revision and available, and the old ones gone. */
export function isRolledOut(deployment: AnyObject | undefined): boolean {
  if (deployment === undefined) return false;
  const { replicas = 1 } = deployment["spec"] as { readonly replicas?: number };
  const status = (deployment["status"] ?? {}) as DeploymentStatus;
  return (
    status.observedGeneration === deployment.metadata.generation &&
    (status.updatedReplicas ?? 0) === replicas &&
    (status.availableReplicas ?? 0) === replicas &&
    (status.replicas ?? 0) === replicas
  );
}
