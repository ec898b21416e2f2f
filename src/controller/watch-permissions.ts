import type { Permission } from "./permission.ts";

const WATCH = ["list", "watch"] as const;

/** What following the objects of the mesh needs. */
export const watchPermissions: readonly Permission[] = [
  {
    apiGroups: [""],
    resources: ["services"],
    verbs: WATCH,
    namespaced: false,
    why: "Each replica knows the addresses that applications dial, and what routes name",
  },
  {
    apiGroups: ["discovery.k8s.io"],
    resources: ["endpointslices"],
    verbs: WATCH,
    namespaced: false,
    why: "Each replica knows the pods behind each Service",
  },
  {
    apiGroups: [""],
    resources: ["nodes"],
    verbs: WATCH,
    namespaced: false,
    why: "A replica tells a sidecar which zone it is in",
  },
  {
    apiGroups: ["gateway.networking.k8s.io"],
    resources: ["httproutes", "referencegrants"],
    verbs: WATCH,
    namespaced: false,
    why: "Each replica knows the routes, and with `--strict-grants` who may refer across namespaces",
  },
  {
    apiGroups: ["apiextensions.k8s.io"],
    resources: ["customresourcedefinitions"],
    resourceNames: ["httproutes.gateway.networking.k8s.io", "referencegrants.gateway.networking.k8s.io"],
    verbs: WATCH,
    namespaced: false,
    why: "Each replica knows whether the Gateway API is installed, and in which version",
  },
];
