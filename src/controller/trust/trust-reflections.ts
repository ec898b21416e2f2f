import type { V1ConfigMap, V1Namespace, V1Secret } from "@kubernetes/client-node";
import { readBundleMap } from "./bundle-api.ts";
import type { NamespaceState } from "./bundle-distributor.ts";
import type { BundleMap } from "./bundle-port.ts";
import { bundleMapName, injectLabel, trustSecretName } from "./trust-names.ts";
import { readTrustSecret } from "./trust-secret-api.ts";
import type { StoredTrust } from "./trust-secret-port.ts";

/** What a reflector is to follow for trust, in the reflector's own terms. */
export interface TrustReflection<T> {
  readonly resource: { readonly group: string; readonly version: string; readonly plural: string };
  readonly namespace?: string;
  readonly fieldSelector?: string;
  readonly read: (raw: unknown) => T | undefined;
  readonly isSame: (before: T, after: T) => boolean;
}

/** The Secret, for `ServingCertificate.observe` and the maintainer's `poke`. */
export function secretReflection(namespace: string): TrustReflection<StoredTrust> {
  return {
    resource: { group: "", version: "v1", plural: "secrets" },
    namespace,
    fieldSelector: `metadata.name=${trustSecretName}`,
    read: (raw) => readTrustSecret(raw as V1Secret),
    isSame: (before, after) => before.resourceVersion === after.resourceVersion,
  };
}

/** The ConfigMaps with the CAs, for `BundleDistributor.observeMaps`. */
export const bundleReflection: TrustReflection<BundleMap> = {
  resource: { group: "", version: "v1", plural: "configmaps" },
  fieldSelector: `metadata.name=${bundleMapName}`,
  read: (raw) => readBundleMap(raw as V1ConfigMap),
  isSame: (before, after) => before.resourceVersion === after.resourceVersion,
};

/** The namespaces, for `BundleDistributor.observeNamespaces`. */
export const membershipReflection: TrustReflection<NamespaceState> = {
  resource: { group: "", version: "v1", plural: "namespaces" },
  read: (raw) => readMembership(raw as V1Namespace),
  isSame: (before, after) => before === after,
};

function readMembership({ metadata, status }: V1Namespace): NamespaceState {
  if (metadata?.deletionTimestamp !== undefined || status?.phase === "Terminating") return "terminating";
  return metadata?.labels?.[injectLabel] === "enabled" ? "meshed" : "other";
}
