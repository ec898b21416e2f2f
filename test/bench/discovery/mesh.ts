import type { BindingInput } from "../../../src/binding/bindable-object.ts";
import type { EndpointSlice, SliceEndpoint } from "../../../src/resources/endpoint-slice.ts";
import { endpointSlice, service, sliceEndpoint } from "../../binding/build.ts";

export const SERVICES = 1_000;
export const ENDPOINTS_PER_SERVICE = 10;
export const SERVICES_PER_SIDECAR = 20;
export const SIDECARS = 2_000;
export const CHANGES_PER_SECOND = 20;

const PORT = 80;
const NODES = 100;
const ZONES = ["zone-a", "zone-b", "zone-c"];

export function backendNameOf(service: number): string {
  return `shop/service-${service}:${PORT}`;
}

export function frontendNameOf(service: number): string {
  return `${clusterIP(service)}:${PORT}`;
}

function clusterIP(service: number): string {
  return `10.96.${service >> 8}.${service & 255}`;
}

/** All Services with their endpoints. */
export function meshObjects(): readonly BindingInput[] {
  const inputs: BindingInput[] = [];
  for (let number = 0; number < SERVICES; number++) {
    inputs.push(
      {
        kind: "upsert",
        object: service({ meta: { name: `service-${number}` }, clusterIPs: [clusterIP(number)] }),
      },
      { kind: "upsert", object: sliceOf(number, 0) },
    );
  }
  return inputs;
}

/** The endpoints of a Service after so many changes; each change replaces one pod by another, never seen before. */
export function sliceOf(number: number, changes: number): EndpointSlice {
  const endpoints = Array.from({ length: ENDPOINTS_PER_SERVICE }, (_, index): SliceEndpoint => {
    const generation = Math.floor((changes + ENDPOINTS_PER_SERVICE - 1 - index) / ENDPOINTS_PER_SERVICE);
    const pod = number * ENDPOINTS_PER_SERVICE + index;
    const address = `10.${128 + (generation % 128)}.${pod >> 8}.${pod & 255}`;
    return sliceEndpoint(address, { node: `node-${pod % NODES}`, zone: ZONES[pod % ZONES.length] ?? "" });
  });
  return endpointSlice({
    meta: { name: `service-${number}-x` },
    serviceName: `service-${number}`,
    endpoints,
  });
}
