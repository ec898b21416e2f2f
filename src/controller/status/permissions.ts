import type { Permission } from "../permission.ts";
import { ROUTE_KINDS } from "./route-kinds.ts";

/** What writing the status of routes and XMesh objects needs. */
export const statusPermissions: readonly Permission[] = Object.values(ROUTE_KINDS).flatMap(
  ({ group, plural }): readonly Permission[] => [
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
  ],
);
