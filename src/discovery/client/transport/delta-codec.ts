import {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
} from "../../generated/envoy/service/discovery/v3/discovery.ts";
import { type EncodedResource, resourceTypeOf, typeUrl } from "../../resource-types.ts";
import type { DeltaRequest, DeltaResponse } from "../client-ports.ts";

/** google.rpc.Code INVALID_ARGUMENT */
const INVALID_ARGUMENT = 3;

/** Said once a stream: who asks, for people who look. */
export interface ClientNode {
  readonly id: string;
  readonly version: string;
}

/** @param node in the first request of a stream */
export function encodeDeltaRequest(request: DeltaRequest, node: ClientNode | undefined): Uint8Array {
  return DeltaDiscoveryRequest.encode({
    node: node && {
      id: node.id,
      userAgentName: "eastbound",
      userAgentVersionType: { $case: "userAgentVersion", value: node.version },
    },
    typeUrl: typeUrl(request.type),
    resourceNamesSubscribe: [...request.subscribe],
    resourceNamesUnsubscribe: [...request.unsubscribe],
    initialResourceVersions: new Map(request.initialVersions),
    responseNonce: request.nonce,
    errorDetail:
      request.error === undefined
        ? undefined
        : { code: INVALID_ARGUMENT, message: request.error, details: [] },
  }).finish();
}

/** Undefined for a type that nobody asked for. Throws where the bytes are no such message. */
export function decodeDeltaResponse(bytes: Uint8Array): DeltaResponse | undefined {
  const message = DeltaDiscoveryResponse.decode(bytes);
  const type = resourceTypeOf(message.typeUrl);
  if (type === undefined) return undefined;
  const resources = message.resources.map(
    ({ name, version, resource }): EncodedResource => ({
      name,
      version,
      // A copy, for what is kept must not keep all of the response.
      bytes: new Uint8Array(resource?.value ?? []),
    }),
  );
  return { type, nonce: message.nonce, resources, removed: message.removedResources };
}
