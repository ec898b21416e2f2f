import { isRecord } from "../resources/read/field.ts";
export interface ApiErrorDetails {
  /** The HTTP status, or the code of a Status object inside a watch. Absent where no answer came at all. */
  readonly status?: number;
  /** The API's word for it (`Expired`, `Forbidden`), or the code of the failure below HTTP (`ECONNREFUSED`). */
  readonly reason: string;
  /** How long the server asked to be left alone. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** A request to the API server that had no success. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number | undefined;
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, details: ApiErrorDetails) {
    super(message, { cause: details.cause });
    this.status = details.status;
    this.reason = details.reason;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }

  /**
   * The server no longer knows, or never knew, the version or the page that was asked for: only a new list helps.
   * https://kubernetes.io/docs/reference/using-api/api-concepts/#410-gone-responses
   */
  get isExpired(): boolean {
    return this.status === 410 || this.reason === "Expired" || this.reason === "Gone";
  }
}

/** Reads a `Status` object of the API (metav1.Status), as far as it is one. */
export function errorOfStatus(status: unknown, fallback: ApiErrorDetails & { message: string }): ApiError {
  const fields = isRecord(status) ? status : {};
  const details = isRecord(fields["details"]) ? fields["details"] : {};
  const seconds = fallback.retryAfterSeconds ?? details["retryAfterSeconds"];
  const code = fallback.status ?? fields["code"];
  const { reason, message } = fields;
  return new ApiError(typeof message === "string" && message !== "" ? message : fallback.message, {
    ...(typeof code === "number" ? { status: code } : {}),
    reason: typeof reason === "string" && reason !== "" ? reason : fallback.reason,
    ...(typeof seconds === "number" && seconds > 0 ? { retryAfterSeconds: seconds } : {}),
  });
}
