import {
  ApiException,
  type ConfigurationOptions,
  Observable,
  type ObservableMiddleware,
} from "@kubernetes/client-node";

/** Why a call of the API server did not do what was asked. */
export interface ApiFailure {
  /** The HTTP status; undefined: no answer came, and the call may or may not have been carried out. */
  readonly status: number | undefined;
  /** The `reason` of the Status object (`Conflict`, `AlreadyExists` …), or "". */
  readonly reason: string;
  readonly message: string;
}

export interface CallOptions {
  /** Ends the call, whatever the connection does. */
  readonly signal: AbortSignal;
  /** As does this, when it is over. */
  readonly timeoutMs?: number;
  /** Of the request's body, where it isn't the default: the kind of a patch. */
  readonly contentType?: string | undefined;
}

/** The options of one typed call that begins now. It rejects at its end; `apiFailure` says of what. */
export function callOptions({ signal, timeoutMs, contentType }: CallOptions): ConfigurationOptions {
  const end = timeoutMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const middleware: ObservableMiddleware = {
    pre: (request) => {
      request.setSignal(end);
      if (contentType !== undefined) request.setHeaderParam("Content-Type", contentType);
      return new Observable(Promise.resolve(request));
    },
    post: (response) => new Observable(Promise.resolve(response)),
  };
  return { middleware: [middleware], middlewareMergeStrategy: "append" };
}

/** What a typed call threw, as a value. */
export function apiFailure(error: unknown): ApiFailure {
  if (error instanceof ApiException) {
    const { reason, message } = readStatus(error.body);
    return { status: error.code, reason, message: message === "" ? `HTTP status ${error.code}` : message };
  }
  return { status: undefined, reason: "", message: describe(error) };
}

/** undici says only "fetch failed"; what happened is in its cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/** The client hands the Status object as text for some statuses, as an object for others. */
function readStatus(body: unknown): { readonly reason: string; readonly message: string } {
  let status = body;
  if (typeof body === "string") {
    try {
      status = JSON.parse(body);
    } catch {
      return { reason: "", message: body.slice(0, 200) };
    }
  }
  if (typeof status !== "object" || status === null) return { reason: "", message: "" };
  const { reason, message } = status as { readonly reason?: unknown; readonly message?: unknown };
  return {
    reason: typeof reason === "string" ? reason : "",
    message: typeof message === "string" ? message : "",
  };
}
