import { type EncodedResource, type ResourceType, typeUrl } from "../resource-types.ts";

/*
 * DeltaDiscoveryResponse (proto/envoy/service/discovery/v3), written by hand: what all subscribers of a resource get is
 * made once and copied, which the generated code could not do.
 */

const LENGTH_DELIMITED = 2;
const RESOURCES = tag(2);
const TYPE_URL = tag(4);
const NONCE = tag(5);
const REMOVED_RESOURCES = tag(6);
const RESOURCE_VERSION = tag(1);
const RESOURCE_ANY = tag(2);
const RESOURCE_NAME = tag(3);
const ANY_TYPE_URL = tag(1);
const ANY_VALUE = tag(2);

/** All field numbers here are below 16. */
function tag(field: number): number {
  return (field << 3) | LENGTH_DELIMITED;
}

/** One element of `resources`, as it stands in a response. It lives as long as the resource. */
export function resourceField(type: ResourceType, resource: EncodedResource): Uint8Array {
  const known = resourceFields.get(resource);
  if (known !== undefined) return known;
  const any = Buffer.concat([textField(ANY_TYPE_URL, typeUrl(type)), bytesField(ANY_VALUE, resource.bytes)]);
  const field = bytesField(
    RESOURCES,
    Buffer.concat([
      textField(RESOURCE_VERSION, resource.version),
      bytesField(RESOURCE_ANY, any),
      textField(RESOURCE_NAME, resource.name),
    ]),
  );
  resourceFields.set(resource, field);
  return field;
}

const resourceFields = new WeakMap<EncodedResource, Uint8Array>();

/** One element of `removed_resources`. */
export function removedField(name: string): Uint8Array {
  return textField(REMOVED_RESOURCES, name);
}

/** A response of elements that `resourceField` and `removedField` made. */
export function writeResponse(url: string, nonce: string, elements: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([textField(TYPE_URL, url), textField(NONCE, nonce), ...elements]);
}

function textField(number: number, text: string): Uint8Array {
  return bytesField(number, Buffer.from(text));
}

function bytesField(number: number, bytes: Uint8Array): Uint8Array {
  const head = [number];
  let length = bytes.length;
  for (; length > 0x7f; length = Math.floor(length / 0x80)) head.push((length % 0x80) | 0x80);
  head.push(length);
  return Buffer.concat([Uint8Array.from(head), bytes]);
}
