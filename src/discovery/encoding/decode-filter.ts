import type {
  BackendTarget,
  BoundBackendRef,
  BoundFilter,
  InvalidBackendReason,
} from "../../binding/frontend.ts";
import { readCors } from "../../resources/http-route/cors.ts";
import { readHeaderModifier } from "../../resources/http-route/header-modifier.ts";
import { preciseHostname, replacementPath } from "../../resources/http-route/syntax.ts";
import type { Fraction, PathModifier } from "../../resources/http-route.ts";
import { defined, get, listOf, object } from "../../resources/read/collection.ts";
import { type Field, member, report } from "../../resources/read/field.ts";
import { portNumber } from "../../resources/read/port.ts";
import { integer, optional, text } from "../../resources/read/scalar.ts";
import { backendReference } from "./backend-reference.ts";
import { caseOf, enumOf, unknownFieldIn, unknownFieldOf } from "./decode-message.ts";

const MAX_WEIGHT = 1_000_000;
const MAX_INT32 = 2_147_483_647;

/** A filter that must not be skipped, because this version does not know what it does. */
export function unknownFilter(what: string): BoundFilter {
  return { kind: "Unresolved", message: `${what}, which this version of the proxy does not know` };
}

export const readFilters = listOf(readFilter);

export function readBackendRef(field: Field): BoundBackendRef {
  const at = object(field);
  const unknown = unknownFieldOf(at.value as object);
  const filters = get(at, "filters", readFilters);
  return {
    target: get(at, "target", readTarget),
    weight: get(at, "weight", integer(0, MAX_WEIGHT)),
    filters:
      unknown === undefined ? filters : [unknownFilter(`the backend has field ${unknown}`), ...filters],
  };
}

const REASONS: Readonly<Record<number, InvalidBackendReason>> = {
  1: "RefNotPermitted",
  2: "InvalidKind",
  3: "BackendNotFound",
  4: "UnsupportedProtocol",
};

function readTarget(field: Field): BackendTarget {
  const at = object(field);
  const kind = get(at, "kind", caseOf);
  if (unknownFieldIn(at.value) !== undefined || kind === undefined) {
    const message = "the kind of backend is not known to this version of the proxy";
    return { kind: "Invalid", reason: "InvalidKind", message };
  }
  if (kind.name === "backend") return { kind: "Backend", name: backendReference(kind.value) };
  const invalid = object(kind.value);
  return {
    kind: "Invalid",
    reason: get(invalid, "reason", enumOf(REASONS, "InvalidKind")),
    message: get(invalid, "message", text()),
  };
}

const READERS: ReadonlyMap<string, (settings: Field) => BoundFilter> = new Map([
  ["requestHeaders", (at) => ({ kind: "RequestHeaderModifier", headers: readHeaderModifier(at) })],
  ["responseHeaders", (at) => ({ kind: "ResponseHeaderModifier", headers: readHeaderModifier(at) })],
  ["redirect", readRedirect],
  ["rewrite", readRewrite],
  ["mirror", readMirror],
  ["cors", (at) => ({ kind: "CORS", cors: readCors(at) })],
  ["unresolved", (at) => ({ kind: "Unresolved", message: text()(at) })],
]);

function readFilter(field: Field): BoundFilter {
  const at = object(field);
  const unknown = unknownFieldIn(at.value);
  if (unknown !== undefined) return unknownFilter(`the filter has field ${unknown}`);
  const kind = get(at, "kind", caseOf);
  const read = READERS.get(kind?.name ?? "");
  return kind === undefined || read === undefined ? unknownFilter("the filter is empty") : read(kind.value);
}

const STATUS_CODES = [301, 302, 303, 307, 308] as const;

function readRedirect(field: Field): BoundFilter {
  const at = object(field);
  const scheme = get(at, "scheme", optional(text()));
  const status = get(at, "statusCode", integer(0, 0xffff_ffff));
  const statusCode = STATUS_CODES.find((known) => known === status);
  const path = get(at, "path", optional(readPathModifier));
  if (scheme !== undefined && scheme !== "http" && scheme !== "https")
    return unknownFilter(`scheme ${scheme}`);
  if (statusCode === undefined) return unknownFilter(`redirect status ${status}`);
  if (path === "unknown") return unknownFilter("the path modifier is empty");
  const hostname = get(at, "hostname", optional(text(preciseHostname)));
  const port = get(at, "port", optional(portNumber));
  return { kind: "RequestRedirect", redirect: { statusCode, ...defined({ scheme, hostname, port, path }) } };
}

function readRewrite(field: Field): BoundFilter {
  const at = object(field);
  const hostname = get(at, "hostname", optional(text(preciseHostname)));
  const path = get(at, "path", optional(readPathModifier));
  if (path === "unknown") return unknownFilter("the path modifier is empty");
  return { kind: "URLRewrite", rewrite: defined({ hostname, path }) };
}

function readPathModifier(field: Field): PathModifier | "unknown" {
  const kind = get(object(field), "kind", caseOf);
  if (kind === undefined) return "unknown";
  const value = text(replacementPath)(kind.value);
  return { kind: kind.name === "replaceFullPath" ? "ReplaceFullPath" : "ReplacePrefixMatch", value };
}

function readMirror(field: Field): BoundFilter {
  const at = object(field);
  return { kind: "RequestMirror", target: get(at, "target", readTarget), fraction: readFraction(at) };
}

function readFraction(at: Field): Fraction {
  const numerator = get(at, "numerator", integer(0, MAX_INT32));
  const denominator = get(at, "denominator", integer(1, MAX_INT32));
  if (numerator > denominator)
    report(member(at, "numerator"), `must not be above the denominator ${denominator}`);
  return { numerator, denominator };
}
