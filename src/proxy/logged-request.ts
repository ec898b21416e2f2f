import type { HeadView } from "./head-view.ts";
import type { AccessLogEntry } from "./ports.ts";
import { traceIdOf } from "./trace-id.ts";

/** What the access log needs of a head, which is gone when the line is written. */
export type LoggedRequest = Pick<AccessLogEntry, "method" | "path" | "host" | "traceId">;

/** To be called while the head is there. */
export function loggedRequest({ head, host }: HeadView): LoggedRequest {
  return {
    method: head.method,
    path: head.target,
    host,
    traceId: traceIdOf(head.fields.valueOf("traceparent")),
  };
}
