import { readFileSync } from "node:fs";
import { hostname } from "node:os";

const NAMESPACE_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
const DEFAULT_NAMESPACE = "eastbound-system";

/** The namespace of the pod that this runs in, else the usual one. */
export function ownNamespace(file = NAMESPACE_FILE): string {
  try {
    return readFileSync(file, "utf8").trim() || DEFAULT_NAMESPACE;
  } catch {
    // No pod, or one without a ServiceAccount.
    return DEFAULT_NAMESPACE;
  }
}

/** In a pod its name. */
export function ownName(): string {
  return hostname().toLowerCase();
}
