import { asRecord } from "./observed-route.ts";

/** Where the API server keeps XMesh objects (https://gateway-api.sigs.k8s.io/geps/gep-3949/). */
export const MESH_RESOURCE = {
  group: "gateway.networking.x-k8s.io",
  version: "v1alpha1",
  plural: "xmeshes",
  kind: "XMesh",
} as const;

/** An XMesh as the API server has it. */
export interface ObservedMesh {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly controllerName: string;
  readonly hasParameters: boolean;
  /** Undefined where there is none. */
  readonly status: ObservedMeshStatus | undefined;
}

export interface ObservedMeshStatus {
  /** Undefined where there is no list. */
  readonly conditions: readonly unknown[] | undefined;
  /** Names, in their order. */
  readonly features: readonly unknown[];
}

/** Undefined for what can't be an XMesh. */
export function readObservedMesh(raw: unknown): ObservedMesh | undefined {
  const mesh = asRecord(raw);
  const { name, uid = "", resourceVersion, generation = 0 } = asRecord(mesh?.["metadata"]) ?? {};
  const spec = asRecord(mesh?.["spec"]);
  const controllerName = spec?.["controllerName"];
  if (
    typeof name !== "string" ||
    typeof uid !== "string" ||
    typeof resourceVersion !== "string" ||
    typeof generation !== "number" ||
    typeof controllerName !== "string"
  )
    return undefined;
  const hasParameters = spec?.["parametersRef"] !== undefined;
  const status = readStatus(asRecord(mesh?.["status"]));
  return { name, uid, resourceVersion, generation, controllerName, hasParameters, status };
}

function readStatus(status: Readonly<Record<string, unknown>> | undefined): ObservedMeshStatus | undefined {
  if (status === undefined) return undefined;
  const { conditions, supportedFeatures } = status;
  const features: readonly unknown[] = Array.isArray(supportedFeatures) ? supportedFeatures : [];
  return {
    conditions: Array.isArray(conditions) ? conditions : undefined,
    features: features.map((feature) => asRecord(feature)?.["name"]),
  };
}
