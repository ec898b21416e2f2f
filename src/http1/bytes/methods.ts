import { isTextAt } from "./cached-text.ts";

/** The methods registered at IANA, and PURGE, which caches use. CONNECT and PRI never get as far as a head. */
const METHODS = [
  "GET",
  "PUT",
  "ACL",
  "HEAD",
  "POST",
  "BIND",
  "COPY",
  "LINK",
  "LOCK",
  "MOVE",
  "PATCH",
  "MERGE",
  "LABEL",
  "MKCOL",
  "PURGE",
  "QUERY",
  "TRACE",
  "DELETE",
  "REBIND",
  "REPORT",
  "SEARCH",
  "UNBIND",
  "UNLINK",
  "UNLOCK",
  "UPDATE",
  "OPTIONS",
  "CHECKIN",
  "CONNECT",
  "CHECKOUT",
  "PROPFIND",
  "PROPPATCH",
  "ORDERPATCH",
  "MKACTIVITY",
  "MKCALENDAR",
  "UNCHECKOUT",
  "MKWORKSPACE",
  "MKREDIRECTREF",
  "UPDATEREDIRECTREF",
  "VERSION-CONTROL",
  "BASELINE-CONTROL",
  "PRI",
] as const;

const LONGEST = 32;

const BY_LENGTH: readonly (readonly string[])[] = Array.from({ length: LONGEST + 1 }, (_, length) =>
  METHODS.filter((method) => method.length === length),
);

/** The registered method that lies there, always the same string, or undefined. Methods are case-sensitive. */
export function registeredMethodAt(buffer: Buffer, start: number, end: number): string | undefined {
  const length = end - start;
  if (length > LONGEST) return undefined;
  const candidates = BY_LENGTH[length] as readonly string[];
  for (const method of candidates) {
    if (isTextAt(method, buffer, start, end)) return method;
  }
  return undefined;
}
