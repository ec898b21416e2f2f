/** The resources of the configuration protocol; the messages of the same names are in proto/eastbound. */
export type ResourceType = "Frontend" | "Backend" | "Self";

/** Backends first: a sidecar should know a Backend before the Frontend that names it. */
export const RESOURCE_TYPES: readonly ResourceType[] = ["Self", "Backend", "Frontend"];

const PREFIX = "type.googleapis.com/eastbound.discovery.v1.";

export function typeUrl(type: ResourceType): string {
  return `${PREFIX}${type}`;
}

/** Undefined for a type that is none of ours. */
export function resourceTypeOf(url: string): ResourceType | undefined {
  return RESOURCE_TYPES.find((type) => url.length === PREFIX.length + type.length && url === typeUrl(type));
}

/** The path of the one method, which a client calls and a server serves. */
export const DELTA_METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";

/** The name of the one resource of type Self. */
export const SELF_NAME = "self";

/** A resource as it is sent. `bytes` are those of the message in proto/eastbound; `version` is their hash. */
export interface EncodedResource {
  readonly name: string;
  readonly version: string;
  readonly bytes: Uint8Array;
}

/** Where a sidecar runs, as far as it is known. */
export interface Self {
  readonly node?: string;
  readonly zone?: string;
}
