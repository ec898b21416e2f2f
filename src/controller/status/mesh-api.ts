import { CustomObjectsApi, type KubeConfig, PatchStrategy } from "@kubernetes/client-node";
import { apiFailure } from "../api-call.ts";
import { COMPONENT_NAME, CONTROLLER_NAME } from "../controller-name.ts";
import { writeOptions } from "../election/write-options.ts";
import type { MeshAnswer, MeshFailure, MeshPort } from "./mesh-port.ts";
import { MESH_RESOURCE, readObservedMesh } from "./observed-mesh.ts";
import { asRecord } from "./observed-route.ts";

/** XMesh objects at the API server. */
export function createMeshApi(config: KubeConfig): MeshPort {
  const api = config.makeApiClient(CustomObjectsApi);
  const { group, version, plural, kind } = MESH_RESOURCE;
  const resource = { group, version, plural };
  return {
    async list(signal) {
      try {
        const list: unknown = await api.listClusterCustomObject(resource, writeOptions(signal));
        const items: unknown = asRecord(list)?.["items"];
        const meshes = (Array.isArray(items) ? items : []).map(readObservedMesh);
        return { kind: "meshes", meshes: meshes.filter((mesh) => mesh !== undefined) };
      } catch (error) {
        return apiFailure(error).status === 404 ? { kind: "not-served" } : failureOf(error);
      }
    },
    create: (name, signal) => {
      const body = {
        apiVersion: `${group}/${version}`,
        kind,
        metadata: { name },
        spec: { controllerName: CONTROLLER_NAME },
      };
      const call = { ...resource, body, fieldManager: COMPONENT_NAME };
      return answer(() => api.createClusterCustomObject(call, writeOptions(signal)));
    },
    patch: (name, body, signal) => {
      const call = { ...resource, name, body, fieldManager: COMPONENT_NAME };
      const options = writeOptions(signal, PatchStrategy.JsonPatch);
      return answer(() => api.patchClusterCustomObjectStatus(call, options));
    },
  };
}

async function answer(call: () => Promise<unknown>): Promise<MeshAnswer> {
  try {
    await call();
    return { kind: "done" };
  } catch (error) {
    const { status = 0 } = apiFailure(error);
    return [404, 409, 422].includes(status) ? { kind: "changed" } : failureOf(error);
  }
}

function failureOf(error: unknown): MeshFailure {
  return { kind: "failed", message: apiFailure(error).message };
}
