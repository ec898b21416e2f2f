import type { Permission } from "../permission.ts";
import { MESH_RESOURCE } from "./observed-mesh.ts";
import { ROUTE_KINDS } from "./route-kinds.ts";

/** What writing the status of routes and XMesh objects needs. */
export const statusPermissions: readonly Permission[] = [
  ...Object.values(ROUTE_KINDS).flatMap(({ group, plural }) => routePermissions(group, plural)),
  {
    apiGroups: [MESH_RESOURCE.group],
    resources: [MESH_RESOURCE.plural],
    verbs: ["list", "create"],
    namespaced: false,
    why: "The leader makes the XMesh `eastbound` where its CRD is installed, and finds others that bear our name",
  },
  {
    apiGroups: [MESH_RESOURCE.group],
    resources: [`${MESH_RESOURCE.plural}/status`],
    verbs: ["patch"],
    namespaced: false,
    why: "The leader says in an XMesh that it is accepted, and which features work",
  },
];

function routePermissions(group: string, plural: string): readonly Permission[] {
  return [
    {
      apiGroups: [group],
      resources: [plural],
      verbs: ["get"],
      namespaced: false,
      why: "The leader reads a route afresh when somebody else wrote its status at the same time",
    },
    {
      apiGroups: [group],
      resources: [`${plural}/status`],
      verbs: ["patch"],
      namespaced: false,
      why: "The leader says in the status of a route what became of it",
    },
  ];
}
