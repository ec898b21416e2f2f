import type { ParseProblemKind } from "../http1/parse-problem.ts";

/**
 * Every way in which an exchange can fail, and what the client is told: the table of docs/failures.md.
 * Nothing else in the proxy picks a status code for an answer of its own.
 */

/** Also the value of the metric label `kind` and of the access log's `failure`. */
export type FailureKind =
  | "request_malformed"
  | "request_head_too_large"
  | "request_body_malformed"
  | "request_not_supported"
  | "request_too_slow"
  | "no_route"
  | "backend_invalid"
  | "no_endpoint"
  | "connection_refused"
  | "connection_unroutable"
  | "connection_timeout"
  | "upstream_closed"
  | "response_malformed"
  | "response_head_too_large"
  | "response_incomplete"
  | "timeout"
  | "overload"
  | "client_closed"
  | "internal";

export interface FailureAnswer {
  readonly status: number;
  /** An error type of RFC 9209 section 2.3, or one of the kind. */
  readonly proxyError: string;
  /** Whether the client's connection can go on after this answer. */
  readonly closes: boolean;
  /** Seconds after which trying again makes sense. */
  readonly retryAfterSeconds?: number;
}

/** @see https://www.rfc-editor.org/rfc/rfc9209#section-2.3 */
export const FAILURES: Readonly<Record<FailureKind, FailureAnswer>> = {
  request_malformed: { status: 400, proxyError: "http_request_error", closes: true },
  request_head_too_large: { status: 431, proxyError: "http_request_error", closes: true },
  request_body_malformed: { status: 400, proxyError: "http_request_error", closes: true },
  request_not_supported: { status: 501, proxyError: "http_request_error", closes: true },
  request_too_slow: { status: 408, proxyError: "http_request_error", closes: true },
  no_route: { status: 404, proxyError: "destination_not_found", closes: false },
  backend_invalid: { status: 500, proxyError: "destination_unavailable", closes: false },
  no_endpoint: { status: 503, proxyError: "destination_unavailable", closes: false },
  connection_refused: { status: 503, proxyError: "connection_refused", closes: false },
  connection_unroutable: { status: 503, proxyError: "destination_ip_unroutable", closes: false },
  connection_timeout: { status: 503, proxyError: "connection_timeout", closes: false },
  upstream_closed: { status: 502, proxyError: "connection_terminated", closes: false },
  response_malformed: { status: 502, proxyError: "http_protocol_error", closes: false },
  response_head_too_large: { status: 502, proxyError: "http_response_header_section_size", closes: false },
  response_incomplete: { status: 502, proxyError: "http_response_incomplete", closes: true },
  timeout: { status: 504, proxyError: "http_response_timeout", closes: false },
  overload: { status: 503, proxyError: "connection_limit_reached", closes: false, retryAfterSeconds: 1 },
  /** Never sent: it only tells in metrics and logs that nobody was left to answer. */
  client_closed: { status: 0, proxyError: "connection_terminated", closes: true },
  internal: { status: 500, proxyError: "proxy_internal_error", closes: true },
};

/** A failure of one exchange, with what a person needs to know of it. */
export interface Failure {
  readonly kind: FailureKind;
  /** Names the thing and the place in plain words; safe to show to the client. */
  readonly details: string;
}

/**
 * The value of the Proxy-Status field. Details become an RFC 8941 string: printable ASCII, quotes and backslashes
 * escaped, anything else replaced.
 */
function proxyStatus({ kind, details }: Failure): string {
  const text = details.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, (character) => `\\${character}`);
  return `eastbound; error=${FAILURES[kind].proxyError}; details="${text}"`;
}

/** What the client is answered, but for what the connection adds. */
export function failureAnswer(failure: Failure): {
  readonly status: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
} {
  const { status, retryAfterSeconds } = FAILURES[failure.kind];
  const fields: (readonly [string, string])[] = [
    ["Proxy-Status", proxyStatus(failure)],
    ["Content-Type", "text/plain; charset=utf-8"],
  ];
  if (retryAfterSeconds !== undefined) fields.push(["Retry-After", String(retryAfterSeconds)]);
  return { status, fields, body: Buffer.from(`${failure.details}\n`) };
}

const REQUEST_FAILURES: Readonly<Record<ParseProblemKind, FailureKind>> = {
  malformed: "request_malformed",
  "head-too-large": "request_head_too_large",
  "body-malformed": "request_body_malformed",
  "unknown-transfer-coding": "request_not_supported",
  "method-not-forwardable": "request_not_supported",
  unsolicited: "request_malformed",
  truncated: "request_malformed",
};

/** What bytes that are no acceptable request are called. */
export function requestFailureKind(problem: ParseProblemKind): FailureKind {
  return REQUEST_FAILURES[problem];
}

const CONNECT_FAILURES: Readonly<Record<string, FailureKind>> = {
  ENETUNREACH: "connection_unroutable",
  EHOSTUNREACH: "connection_unroutable",
  EADDRNOTAVAIL: "connection_unroutable",
  EACCES: "connection_unroutable",
  EPERM: "connection_unroutable",
  EINVAL: "connection_unroutable",
  ETIMEDOUT: "connection_timeout",
  EMFILE: "overload",
  ENFILE: "overload",
  ENOBUFS: "overload",
  ENOMEM: "overload",
};

/** What a failed connection attempt is called. Nothing else reads the errno of a connect. */
export function connectFailureKind(error: NodeJS.ErrnoException | undefined): FailureKind {
  return CONNECT_FAILURES[error?.code ?? ""] ?? "connection_refused";
}
