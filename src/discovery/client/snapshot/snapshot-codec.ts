import { createHash } from "node:crypto";
import type { Result } from "../../../resources/result.ts";
import { Snapshot } from "../../generated/eastbound/discovery/v1/snapshot.ts";
import { RESOURCE_TYPES } from "../../resource-types.ts";
import type { StoredResource } from "../client-ports.ts";

const MAGIC = "eastbound snapshot ";
/** Of what follows: the checksum, and the message of proto/eastbound/discovery/v1/snapshot.proto. */
const FORMAT = "1\n";
const HEAD = Buffer.from(MAGIC + FORMAT);
const CHECKSUM_BYTES = 32;

/** The file's content: a line that names the format, a SHA-256 of what follows it, the message. */
export function encodeSnapshot(resources: readonly StoredResource[]): Uint8Array {
  const body = Snapshot.encode({
    resources: resources.map(({ type, name, version, bytes }) => ({ type, name, version, resource: bytes })),
  }).finish();
  return Buffer.concat([HEAD, checksum(body), body]);
}

/** Reads what `encodeSnapshot` wrote. Never throws, whatever the bytes are. */
export function decodeSnapshot(bytes: Uint8Array): Result<readonly StoredResource[]> {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (content.toString("latin1", 0, MAGIC.length) !== MAGIC) return invalid("is no snapshot");
  if (!content.subarray(0, HEAD.length).equals(HEAD)) return invalid("is of another version");
  const body = content.subarray(HEAD.length + CHECKSUM_BYTES);
  if (!content.subarray(HEAD.length, HEAD.length + CHECKSUM_BYTES).equals(checksum(body))) {
    return invalid("is damaged");
  }
  try {
    return { kind: "ok", value: Snapshot.decode(body).resources.flatMap(stored) };
  } catch {
    return invalid("is malformed");
  }
}

function stored(entry: Snapshot["resources"][number]): readonly StoredResource[] {
  const type = RESOURCE_TYPES.find((known) => known === entry.type);
  if (type === undefined) return [];
  // A copy, for what is kept must not keep all of the file.
  return [{ type, name: entry.name, version: entry.version, bytes: new Uint8Array(entry.resource) }];
}

function checksum(body: Uint8Array): Buffer {
  return createHash("sha256").update(body).digest();
}

function invalid(message: string): Result<never> {
  return { kind: "invalid", problems: [{ path: "", message }] };
}
