import type { EndpointSlice } from "../../resources/endpoint-slice.ts";
import { type Backend, backendName } from "../backend.ts";
import { resolveEndpoints } from "./endpoints.ts";
import type { MeshPort, MeshService } from "./mesh-service.ts";

/** One Backend for each TCP port of the Service. `slices` are those of the Service, in any order. */
export function bindBackends(mesh: MeshService, slices: readonly EndpointSlice[]): readonly Backend[] {
  return mesh.ports.map((port) => bindBackend(mesh, port, slices));
}

function bindBackend(mesh: MeshService, port: MeshPort, slices: readonly EndpointSlice[]): Backend {
  const { service } = mesh;
  const { namespace, name } = service.meta;
  return {
    name: backendName(namespace, name, port.port.port),
    namespace,
    service: name,
    port: port.port.port,
    clusterIPs: service.clusterIPs,
    protocol: port.protocol.protocol,
    endpoints: resolveEndpoints(service, port.port, slices),
    ...(service.trafficDistribution !== undefined && { trafficDistribution: service.trafficDistribution }),
    internalTrafficPolicy: service.internalTrafficPolicy,
    sessionAffinity: service.sessionAffinity,
  };
}
