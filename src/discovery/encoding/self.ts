import { defined, get, object } from "../../resources/read/collection.ts";
import type { Field } from "../../resources/read/field.ts";
import { text } from "../../resources/read/scalar.ts";
import type { Result } from "../../resources/result.ts";
import { Self as SelfMessage } from "../generated/eastbound/discovery/v1/self.ts";
import { SELF_NAME, type Self } from "../resource-types.ts";
import { decodeWith, refuseUnknown } from "./decode-message.ts";

/** The bytes of a Self. An empty node or zone is the same as none. */
export function encodeSelf(self: Self): Uint8Array {
  return SelfMessage.encode({ node: self.node ?? "", zone: self.zone ?? "" }).finish();
}

/** Reads the bytes that `encodeSelf` wrote; `name` must be `self`. Never throws. */
export function decodeSelf(name: string, bytes: Uint8Array): Result<Self> {
  if (name !== SELF_NAME) {
    return { kind: "invalid", problems: [{ path: "name", message: `must be ${SELF_NAME}` }] };
  }
  return decodeWith(bytes, SelfMessage, readSelf);
}

function readSelf(field: Field): Self {
  const at = object(field);
  refuseUnknown(at);
  return defined({ node: get(at, "node", readPlace), zone: get(at, "zone", readPlace) });
}

function readPlace(field: Field): string | undefined {
  return text({ maxLength: 253 })(field) || undefined;
}
