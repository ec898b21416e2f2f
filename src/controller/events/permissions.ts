import type { Permission } from "../permission.ts";

/** What making Events needs. */
export const eventPermissions: readonly Permission[] = [
  {
    apiGroups: ["events.k8s.io"],
    resources: ["events"],
    verbs: ["create", "get", "patch"],
    namespaced: false,
    why: "A replica tells of routes, Services and pods at the objects themselves, and counts what happens again",
  },
  {
    apiGroups: [""],
    resources: ["pods", "services"],
    verbs: ["get"],
    namespaced: false,
    why: "`kubectl describe` finds an Event by the uid of the object, which is looked up (that of the Secret by the right to read it)",
  },
];
