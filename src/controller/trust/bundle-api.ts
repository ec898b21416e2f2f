import { type CoreV1Api, PatchStrategy, type V1ConfigMap } from "@kubernetes/client-node";
import { apiFailure } from "../api-call.ts";
import { COMPONENT_NAME } from "../controller-name.ts";
import { writeOptions } from "../election/write-options.ts";
import type { BundleAnswer, BundleMap, BundlePort } from "./bundle-port.ts";
import { bundleKey, bundleMapName, ownerLabel } from "./trust-names.ts";

/** The ConfigMaps at the API server. Each call ends within the time that a leader's write may take. */
export function createBundleApi(api: CoreV1Api): BundlePort {
  const name = bundleMapName;
  const labels = { [ownerLabel]: COMPONENT_NAME };
  return {
    create: (namespace, bundle, signal) => {
      const body = { metadata: { name, labels }, data: { [bundleKey]: bundle } };
      return answer(() =>
        api.createNamespacedConfigMap(
          { namespace, body, fieldManager: COMPONENT_NAME },
          writeOptions(signal),
        ),
      );
    },
    correct: (namespace, { resourceVersion }, bundle, signal) => {
      const body: unknown = { metadata: { resourceVersion, labels }, data: { [bundleKey]: bundle } };
      const options = writeOptions(signal, PatchStrategy.MergePatch);
      return answer(() =>
        api.patchNamespacedConfigMap({ name, namespace, body, fieldManager: COMPONENT_NAME }, options),
      );
    },
    remove: async (namespace, { uid, resourceVersion }, signal) => {
      const body = { preconditions: { uid, resourceVersion } };
      const removed = await answer(async () => {
        await api.deleteNamespacedConfigMap({ name, namespace, body }, writeOptions(signal));
        return {};
      });
      return removed.kind === "map" ? { kind: "absent" } : removed;
    },
  };
}

async function answer(call: () => Promise<V1ConfigMap>): Promise<BundleAnswer> {
  try {
    return { kind: "map", map: readBundleMap(await call()) };
  } catch (error) {
    const { status, message } = apiFailure(error);
    if (status === 404) return { kind: "absent" };
    return status === 409 ? { kind: "conflict" } : { kind: "failed", message };
  }
}

/** A ConfigMap as the API server and watches give it. */
export function readBundleMap({ metadata, data }: V1ConfigMap): BundleMap {
  return {
    bundle: data?.[bundleKey],
    isOurs: metadata?.labels?.[ownerLabel] === COMPONENT_NAME,
    uid: metadata?.uid ?? "",
    resourceVersion: metadata?.resourceVersion ?? "",
  };
}
