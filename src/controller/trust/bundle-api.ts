import { type CoreV1Api, PatchStrategy, type V1ConfigMap } from "@kubernetes/client-node";
import { apiFailure, boundedCall, callOptions } from "../api-call.ts";
import { electionLimits } from "../election/election-limits.ts";
import type { BundleAnswer, BundleMap, BundlePort } from "./bundle-port.ts";
import { bundleKey, bundleMapName, ownerLabel, ownerName } from "./trust-names.ts";

/** The ConfigMaps at the API server. Each call ends within the time that a leader's write may take. */
export function createBundleApi(api: CoreV1Api, fieldManager: string): BundlePort {
  const name = bundleMapName;
  const labels = { [ownerLabel]: ownerName };
  return {
    create: (namespace, bundle, signal) => {
      const body = { metadata: { name, labels }, data: { [bundleKey]: bundle } };
      return answer(signal, (bounded) =>
        api.createNamespacedConfigMap({ namespace, body, fieldManager }, callOptions({ signal: bounded })),
      );
    },
    correct: (namespace, { resourceVersion }, bundle, signal) => {
      const body: unknown = { metadata: { resourceVersion, labels }, data: { [bundleKey]: bundle } };
      const contentType = PatchStrategy.MergePatch;
      return answer(signal, (bounded) =>
        api.patchNamespacedConfigMap(
          { name, namespace, body, fieldManager },
          callOptions({ signal: bounded, contentType }),
        ),
      );
    },
    remove: async (namespace, { uid, resourceVersion }, signal) => {
      const body = { preconditions: { uid, resourceVersion } };
      const removed = await answer(signal, async (bounded) => {
        await api.deleteNamespacedConfigMap({ name, namespace, body }, callOptions({ signal: bounded }));
        return {};
      });
      return removed.kind === "map" ? { kind: "absent" } : removed;
    },
  };
}

async function answer(
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<V1ConfigMap>,
): Promise<BundleAnswer> {
  try {
    const map = await boundedCall(signal, electionLimits.writeTimeoutMs, call);
    return { kind: "map", map: readBundleMap(map) };
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
    isOurs: metadata?.labels?.[ownerLabel] === ownerName,
    uid: metadata?.uid ?? "",
    resourceVersion: metadata?.resourceVersion ?? "",
  };
}
