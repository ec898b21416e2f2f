import { type Field, report } from "../read/field.ts";
import { type TextRule, text } from "../read/scalar.ts";

/*
 * Forms of the HTTP parts of a route, as the CRD has them
 * (https://github.com/kubernetes-sigs/gateway-api/blob/v1.7.0/apis/v1/httproute_types.go), and stricter where the
 * CRD would let a value through that would break the message it is written into.
 */

/** A token of RFC 9110 section 5.6.2. Query parameters are named by the same rule. */
export const headerName: TextRule = {
  minLength: 1,
  maxLength: 256,
  pattern: /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/,
  form: "a header or parameter name (letters, digits and !#$%&'*+-.^_`|~)",
};

/**
 * A value to be written into a header: visible ASCII with spaces and tabs inside. The standard CRD checks the length
 * only; anything wider could end the header and begin another one.
 */
export const headerValue: TextRule = {
  minLength: 1,
  maxLength: 4096,
  pattern: /^[!-~]+(?:[\t ]+[!-~]+)*$/,
  form: "visible ASCII characters with spaces only between them",
};

/** A host name without a port. */
export const preciseHostname: TextRule = {
  minLength: 1,
  maxLength: 253,
  pattern: /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/,
  form: "a lower-case host name without a port",
};

/** A host name, or `*.` and a host name. */
export const wildcardHostname: TextRule = {
  minLength: 1,
  maxLength: 253,
  pattern: /^(?:\*\.)?[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/,
  form: "a lower-case host name, at most with a leading *.",
};

/** `scheme://host` or `scheme://host:port`, the host at most with a leading `*.`, or `*` for one or all of these. */
export const corsOrigin: TextRule = {
  minLength: 1,
  maxLength: 253,
  pattern: /^(?:\*|https?:\/\/(?:\*|(?:\*\.)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)(?::\d{1,5})?)$/,
  form: "* or an origin such as https://example.com",
};

/**
 * The CRD knows nine methods and may learn more; the comparison is literal, so any upper-case word will do. A
 * lower-case one is a slip, since methods are case-sensitive and it would never match.
 */
export const methodName: TextRule = {
  minLength: 1,
  maxLength: 32,
  pattern: /^[A-Z][A-Z-]*$/,
  form: "a method in upper case",
};

const PATH_MAX = 1024;
const PATH_CHARACTERS = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+$/;

/** What the CRD forbids in a literal path, because proxies and servers tend to disagree on what it means. */
const FORBIDDEN_IN_PATH = ["//", "/./", "/../", "%2f", "%2F", "#"];
const FORBIDDEN_PATH_ENDS = ["/.", "/.."];

/** A path to compare with literally, whole or as a prefix. */
export function literalPath(field: Field): string {
  const path = text({ maxLength: PATH_MAX })(field);
  const fault = literalPathFault(path);
  if (fault !== undefined && typeof field.value === "string") report(field, fault);
  return path;
}

function literalPathFault(path: string): string | undefined {
  if (!path.startsWith("/")) return "must begin with /";
  const forbidden = FORBIDDEN_IN_PATH.find((part) => path.includes(part));
  if (forbidden !== undefined) return `must not contain ${forbidden}`;
  const end = FORBIDDEN_PATH_ENDS.find((part) => path.endsWith(part));
  if (end !== undefined) return `must not end with ${end}`;
  return PATH_CHARACTERS.test(path) ? undefined : "must have only characters of a URL path, others as %HH";
}

/** Whether it compiles is for binding to find out, so that a bad one costs its rule and not the whole route. */
export const pathExpression: TextRule = { maxLength: PATH_MAX };

/**
 * What a path, or the matched prefix of it, is replaced with. The CRD checks the length only. Here it must be what
 * can stand in a request line or a Location header, and not relative.
 */
export const replacementPath: TextRule = {
  maxLength: PATH_MAX,
  pattern: /^(?:\/[!-~]*)?$/,
  form: "empty or begin with / and have visible ASCII characters only",
};
