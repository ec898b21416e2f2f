import type { OutBuffer } from "./out-buffer.ts";
import { hasNeverBody } from "./response-head.ts";

/** An answer that comes from the program itself, complete. */
export interface OwnResponse {
  readonly status: number;
  /** Names are the program's own; values may hold anything and are made safe. No framing or Connection fields. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** It answers HEAD: Content-Length tells of the body, which is not sent. */
  readonly isHead: boolean;
  /** Says that the connection ends with it. */
  readonly close: boolean;
}

/** RFC 9110 15; RFC 6585 for 429 and 431. */
const REASONS: ReadonlyMap<number, string> = new Map([
  [200, "OK"],
  [204, "No Content"],
  [301, "Moved Permanently"],
  [302, "Found"],
  [303, "See Other"],
  [307, "Temporary Redirect"],
  [308, "Permanent Redirect"],
  [400, "Bad Request"],
  [403, "Forbidden"],
  [404, "Not Found"],
  [405, "Method Not Allowed"],
  [408, "Request Timeout"],
  [413, "Content Too Large"],
  [429, "Too Many Requests"],
  [431, "Request Header Fields Too Large"],
  [500, "Internal Server Error"],
  [501, "Not Implemented"],
  [502, "Bad Gateway"],
  [503, "Service Unavailable"],
  [504, "Gateway Timeout"],
]);

/** Appends an answer of our own, head and body. Statuses that never have a body are sent without Content-Length. */
export function writeOwnResponse(out: OutBuffer, response: OwnResponse): void {
  const { status, body } = response;
  const mayHaveBody = !hasNeverBody(status);
  out.latin1(`HTTP/1.1 ${status} ${REASONS.get(status) ?? ""}\r\n`);
  for (const [name, value] of response.fields) {
    out.latin1(`${name}: `);
    out.fieldValue(value);
    out.latin1("\r\n");
  }
  if (mayHaveBody) out.latin1(`Content-Length: ${body.length}\r\n`);
  if (response.close) out.latin1("Connection: close\r\n");
  out.latin1("\r\n");
  if (mayHaveBody && !response.isHead) out.bytes(body, 0, body.length);
}
