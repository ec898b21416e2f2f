import type { Problem } from "../../resources/result.ts";
import type { EncodedResource, ResourceType } from "../resource-types.ts";

/** Longest reason that is kept and sent back: whoever sent the content knows the rest. */
const MOST_CHARACTERS = 1_000;

/** A resource that could not be taken, and why. */
export interface Rejection {
  readonly type: ResourceType;
  readonly name: string;
  readonly version: string;
  readonly reason: string;
}

export function rejectionOf(
  type: ResourceType,
  { name, version }: EncodedResource,
  problems: readonly Problem[],
): Rejection {
  const reason = problems
    .map(({ path, message }) => (path === "" ? message : `${path}: ${message}`))
    .join("; ");
  return { type, name, version, reason: reason.slice(0, MOST_CHARACTERS) };
}

/** The text of a NACK for all that was wrong in one response. */
export function describeRejections(rejections: readonly Rejection[]): string {
  const sentences = rejections.map(({ name, version, reason }) => `${name} (version ${version}): ${reason}`);
  return sentences.join("\n").slice(0, MOST_CHARACTERS * 4);
}
