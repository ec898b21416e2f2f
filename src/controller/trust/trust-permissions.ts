import type { Permission } from "../permission.ts";
import { bundleMapName, trustSecretName } from "./trust-names.ts";

/** What keeping trust and checking tokens ask of the API server. */
export const trustPermissions: readonly Permission[] = [
  {
    apiGroups: [""],
    resources: ["secrets"],
    resourceNames: [trustSecretName],
    // A watch of one Secret by name is covered by resourceNames.
    verbs: ["get", "list", "watch", "patch"],
    namespaced: true,
    why: "Each replica serves with the certificate in the Secret; the leader rotates what is in it",
  },
  {
    apiGroups: [""],
    resources: ["secrets"],
    verbs: ["create"],
    namespaced: true,
    why: "The first leader makes the Secret",
  },
  {
    apiGroups: [""],
    resources: ["configmaps"],
    resourceNames: [bundleMapName],
    verbs: ["list", "watch", "patch", "delete"],
    namespaced: false,
    why: "The leader keeps the CAs in each meshed namespace, and takes them out of those that left the mesh",
  },
  {
    apiGroups: [""],
    resources: ["configmaps"],
    verbs: ["create"],
    namespaced: false,
    why: "The leader brings the CAs to namespaces that join the mesh",
  },
  {
    apiGroups: [""],
    resources: ["namespaces"],
    verbs: ["list", "watch"],
    namespaced: false,
    why: "The labels tell which namespaces are meshed",
  },
  {
    apiGroups: ["authentication.k8s.io"],
    resources: ["tokenreviews"],
    verbs: ["create"],
    namespaced: false,
    why: "The API server tells whose token a sidecar shows",
  },
];
