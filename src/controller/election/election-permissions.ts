import { COMPONENT_NAME } from "../controller-name.ts";
import type { Permission } from "../permission.ts";

/** What a replica's part in the election asks of the API server. */
export const electionPermissions: readonly Permission[] = [
  {
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    resourceNames: [COMPONENT_NAME],
    verbs: ["get", "patch"],
    namespaced: true,
    why: "Each replica sees who leads, and takes, renews and gives back the Lease",
  },
  {
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    verbs: ["create"],
    namespaced: true,
    why: "The first replica makes the Lease",
  },
];
