import { electionPermissions } from "./election/election-permissions.ts";
import { eventPermissions } from "./events/permissions.ts";
import type { Permission } from "./permission.ts";
import { statusPermissions } from "./status/permissions.ts";
import { trustPermissions } from "./trust/trust-permissions.ts";
import { watchPermissions } from "./watch-permissions.ts";

/** All that a controller does at the API server: what its ClusterRole and its Role have to allow, and nothing else. */
export const controllerPermissions: readonly Permission[] = [
  ...watchPermissions,
  ...statusPermissions,
  ...eventPermissions,
  ...trustPermissions,
  ...electionPermissions,
];
