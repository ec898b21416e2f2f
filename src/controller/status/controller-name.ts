/** Entries of a route's status, and XMesh objects, that bear this name are ours. */
export const CONTROLLER_NAME = "eastbound.dev/controller";
