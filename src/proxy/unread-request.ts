import { writeOwnResponse } from "../http1/own-response.ts";
import type { ProxyContext } from "./context.ts";
import { type Failure, failureAnswer } from "./failure.ts";
import type { FrontendRuntime } from "./frontend-runtime.ts";
import type { Wire } from "./wire.ts";

const NOTHING_KNOWN = {
  route: undefined,
  backend: undefined,
  endpoint: "",
  method: "",
  path: "",
  host: "",
  tries: 0,
  bytesReceived: 0,
  upstreamMs: undefined,
  traceId: undefined,
} as const;

/** Answers, counts and logs a request whose head could not be read. The connection is the caller's to close. */
export function answerUnread(
  { context, runtime, wire }: { context: ProxyContext; runtime: FrontendRuntime; wire: Wire },
  failure: Failure,
  durationMs: number,
): void {
  const answer = failureAnswer(failure);
  writeOwnResponse(wire.out, { ...answer, isHead: false, close: true });
  runtime.countFailure(failure.kind);
  runtime.outcomeWithoutBackend(undefined).record(answer.status, undefined, durationMs / 1_000);
  context.accessLog?.({
    ...NOTHING_KNOWN,
    service: runtime.service,
    status: answer.status,
    failure: failure.kind,
    bytesSent: answer.body.length,
    durationMs,
  });
}
