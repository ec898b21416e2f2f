/** How a stream ends; codes of https://github.com/grpc/grpc/blob/master/doc/statuscodes.md. */
export interface StreamEnd {
  readonly code: number;
  readonly message: string;
}

const OK = 0;
const INVALID_ARGUMENT = 3;
const RESOURCE_EXHAUSTED = 8;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/** The client should come back with a new token, here or elsewhere. */
export const TOKEN_EXPIRES: StreamEnd = {
  code: OK,
  message: "the token expires soon: connect again with a new one",
};

/** The client should go on elsewhere. */
export const SHUTTING_DOWN: StreamEnd = {
  code: UNAVAILABLE,
  message: "this replica shuts down: use another one",
};

/** This replica does not know enough, or has too much to do. */
export function unavailable(message: string): StreamEnd {
  return { code: UNAVAILABLE, message };
}

/** The client said something that no version of the protocol says. */
export function malformed(message: string): StreamEnd {
  return { code: INVALID_ARGUMENT, message };
}

/** The client asked for more than one sidecar may. */
export function exhausted(message: string): StreamEnd {
  return { code: RESOURCE_EXHAUSTED, message };
}

export function unauthenticated(reason: string): StreamEnd {
  return { code: UNAUTHENTICATED, message: reason };
}
