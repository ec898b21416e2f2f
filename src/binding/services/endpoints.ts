import type { EndpointSlice, SliceEndpoint } from "../../resources/endpoint-slice.ts";
import type { Service, ServicePort } from "../../resources/service.ts";
import type { Endpoint } from "../backend.ts";
import { compareText } from "../order.ts";

/**
 * The endpoints of one Service port, from all its slices: sorted by address and port, one of each. `slices` are those
 * of the Service, in any order. A slice port belongs to the Service port of the same name and gives the number to
 * dial, which may differ between slices.
 */
export function resolveEndpoints(
  service: Service,
  port: ServicePort,
  slices: readonly EndpointSlice[],
): readonly Endpoint[] {
  const found: Endpoint[] = [];
  for (const slice of slices) {
    if (slice.addressType === "FQDN") continue;
    const family = slice.addressType === "IPv4" ? 4 : 6;
    for (const slicePort of slice.ports) {
      if (slicePort.name !== port.name || slicePort.protocol !== "TCP") continue;
      for (const endpoint of slice.endpoints) {
        // The first address stands for the endpoint, as with kube-proxy.
        const address = endpoint.addresses[0];
        if (address === undefined) continue;
        found.push(toEndpoint(endpoint, address, slicePort.port, family, service.publishNotReadyAddresses));
      }
    }
  }
  return mergeDuplicates(found);
}

function toEndpoint(
  endpoint: SliceEndpoint,
  address: string,
  port: number,
  family: 4 | 6,
  publishesNotReady: boolean,
): Endpoint {
  return {
    address,
    port,
    family,
    isReady: endpoint.isReady || publishesNotReady,
    isServing: endpoint.isServing,
    isTerminating: endpoint.isTerminating,
    ...(endpoint.zone !== undefined && { zone: endpoint.zone }),
    ...(endpoint.node !== undefined && { node: endpoint.node }),
    hintZones: endpoint.hintZones,
    hintNodes: endpoint.hintNodes,
  };
}

/**
 * An endpoint that moves from one slice to another is in both for a while; the API tells consumers to expect it
 * (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#duplicate-endpoints).
 */
function mergeDuplicates(endpoints: Endpoint[]): readonly Endpoint[] {
  endpoints.sort(compareEndpoints);
  return endpoints.filter((endpoint, index) => {
    const before = endpoints[index - 1];
    return before === undefined || before.address !== endpoint.address || before.port !== endpoint.port;
  });
}

/** By address and port; of the same, the one to prefer first. The rest only makes the choice independent of order. */
function compareEndpoints(a: Endpoint, b: Endpoint): number {
  return (
    compareText(a.address, b.address) ||
    a.port - b.port ||
    Number(b.isReady) - Number(a.isReady) ||
    Number(b.isServing) - Number(a.isServing) ||
    Number(a.isTerminating) - Number(b.isTerminating) ||
    compareText(JSON.stringify(a), JSON.stringify(b))
  );
}
