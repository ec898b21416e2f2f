import { backendName } from "./backend.ts";
import { type BoundRoute, type Frontend, frontendName, type RouteScope } from "./frontend.ts";
import type { FrontendVariants } from "./frontend-variants.ts";
import { compareText } from "./order.ts";
import type { PortRoutes } from "./route-sets.ts";
import { frontendProtocol, type MeshPort, type MeshService } from "./services/mesh-service.ts";

/** The variants of each address of one Service port. `routes` is absent where no route is bound. */
export function bindFrontends(
  mesh: MeshService,
  port: MeshPort,
  routes: PortRoutes | undefined,
): readonly FrontendVariants[] {
  const consumers = [...(routes?.consumers ?? [])].sort(([a], [b]) => compareText(a, b));
  return mesh.service.clusterIPs.map((address) => ({
    producer: bindFrontend(mesh, port, address, { kind: "producer" }, routes?.producer ?? []),
    consumers: new Map(
      consumers.map(([namespace, bound]) => [
        namespace,
        bindFrontend(mesh, port, address, { kind: "consumer", namespace }, bound),
      ]),
    ),
  }));
}

function bindFrontend(
  mesh: MeshService,
  port: MeshPort,
  address: string,
  scope: RouteScope,
  routes: readonly BoundRoute[],
): Frontend {
  const { namespace, name } = mesh.service.meta;
  const number = port.port.port;
  return {
    name: frontendName(address, number),
    address,
    port: number,
    service: { namespace, name },
    protocol: frontendProtocol(port, routes.length > 0),
    backend: backendName(namespace, name, number),
    ...(routes.length > 0 && { routes: { kind: "HTTPRoute", scope, routes } as const }),
  };
}
