/** Entries of a route's status, and XMesh objects, that bear this name are ours. */
export const CONTROLLER_NAME = "eastbound.dev/controller";

/** The name of the controller's Service and Lease, and of the manager of the objects and fields that it writes. */
export const COMPONENT_NAME = "eastbound-controller";
