import type { StreamEnd } from "../client-ports.ts";

const OK = "0";
const UNAVAILABLE = "14";

/** https://github.com/grpc/grpc/blob/master/doc/statuscodes.md */
const NAMES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

/**
 * What the status that a server ended its stream with means. A controller that shuts down, or ends a stream before its
 * token expires, says OK or UNAVAILABLE: another replica, or the same again, is to be asked.
 * @param message as it came: percent-encoded
 */
export function streamEndOf(status: string, message: string): StreamEnd {
  const name = NAMES[Number(status)] ?? `status ${status}`;
  const text = decoded(message);
  return {
    kind: status === OK || status === UNAVAILABLE ? "moved" : "failed",
    message: `the controller ended the stream: ${name}${text === "" ? "" : `, ${text}`}`,
  };
}

function decoded(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
