import type { Fraction, HttpRouteFilter, PathModifier, Unsupported } from "../http-route.ts";
import { defined, get, object } from "../read/collection.ts";
import { type Field, isAbsent, member, type Read, report } from "../read/field.ts";
import { apiGroup, objectKind, referencedName } from "../read/names.ts";
import { portNumber } from "../read/port.ts";
import { integer, optional, text, withDefault } from "../read/scalar.ts";
import { readCors } from "./cors.ts";
import { readHeaderModifier } from "./header-modifier.ts";
import { unsupported } from "./match.ts";
import { readBackendObjectReference } from "./references.ts";
import { preciseHostname, replacementPath } from "./syntax.ts";

/** Reads the member that holds a filter's settings. `rule` is what places of unsupported values are counted from. */
type ReadSettings = (settings: Field, rule: Field) => HttpRouteFilter;

const FILTERS: ReadonlyMap<string, { readonly member: string; readonly read: ReadSettings }> = new Map([
  ["RequestHeaderModifier", { member: "requestHeaderModifier", read: readRequestHeaderModifier }],
  ["ResponseHeaderModifier", { member: "responseHeaderModifier", read: readResponseHeaderModifier }],
  ["RequestRedirect", { member: "requestRedirect", read: readRequestRedirect }],
  ["URLRewrite", { member: "urlRewrite", read: readUrlRewrite }],
  ["RequestMirror", { member: "requestMirror", read: readRequestMirror }],
  ["CORS", { member: "cors", read: readCorsFilter }],
  ["ExternalAuth", { member: "externalAuth", read: readExternalAuth }],
  ["ExtensionRef", { member: "extensionRef", read: readExtensionRef }],
]);

/**
 * One filter of a rule or of a backendRef. Which filters go together is for binding to judge, not an error here.
 * A type, redirect scheme, status code or path modifier that this version does not know makes it `Unsupported`.
 */
export function readFilter(rule: Field): Read<HttpRouteFilter> {
  return (field) => {
    const at = object(field);
    const type = get(at, "type", text());
    const known = FILTERS.get(type);
    if (known === undefined) return unsupported(member(at, "type"), type, rule);
    for (const other of FILTERS.values()) {
      if (other !== known && !isAbsent(member(at, other.member))) {
        report(member(at, other.member), `must not be set in a filter of type ${type}`);
      }
    }
    return known.read(member(at, known.member), rule);
  };
}

function readRequestHeaderModifier(settings: Field): HttpRouteFilter {
  return { kind: "RequestHeaderModifier", headers: readHeaderModifier(settings) };
}

function readResponseHeaderModifier(settings: Field): HttpRouteFilter {
  return { kind: "ResponseHeaderModifier", headers: readHeaderModifier(settings) };
}

function readCorsFilter(settings: Field): HttpRouteFilter {
  return { kind: "CORS", cors: readCors(settings) };
}

const DEFAULT_STATUS = 302;

function readRequestRedirect(settings: Field, rule: Field): HttpRouteFilter {
  const at = object(settings);
  const scheme = get(at, "scheme", optional(text()));
  const status = get(at, "statusCode", withDefault(integer(100, 999), DEFAULT_STATUS));
  const path = get(at, "path", optional(readPathModifier(rule)));
  const hostname = get(at, "hostname", optional(text(preciseHostname)));
  const port = get(at, "port", optional(portNumber));
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") {
    return unsupported(member(at, "scheme"), scheme, rule);
  }
  if (!isRedirectStatus(status)) return unsupported(member(at, "statusCode"), String(status), rule);
  if (path?.kind === "Unsupported") return path;
  return {
    kind: "RequestRedirect",
    redirect: { statusCode: status, ...defined({ scheme, hostname, port, path }) },
  };
}

function isRedirectStatus(status: number): status is 301 | 302 | 303 | 307 | 308 {
  return [301, 302, 303, 307, 308].includes(status);
}

function readUrlRewrite(settings: Field, rule: Field): HttpRouteFilter {
  const at = object(settings);
  const path = get(at, "path", optional(readPathModifier(rule)));
  const hostname = get(at, "hostname", optional(text(preciseHostname)));
  if (path?.kind === "Unsupported") return path;
  return { kind: "URLRewrite", rewrite: defined({ hostname, path }) };
}

const PATH_MODIFIERS = [
  { kind: "ReplaceFullPath", member: "replaceFullPath" },
  { kind: "ReplacePrefixMatch", member: "replacePrefixMatch" },
] as const;

function readPathModifier(rule: Field): Read<PathModifier | Unsupported> {
  return (field) => {
    const at = object(field);
    const type = get(at, "type", text());
    const known = PATH_MODIFIERS.find((modifier) => modifier.kind === type);
    if (known === undefined) return unsupported(member(at, "type"), type, rule);
    for (const other of PATH_MODIFIERS) {
      if (other !== known && !isAbsent(member(at, other.member))) {
        report(member(at, other.member), `must not be set where the type is ${type}`);
      }
    }
    return { kind: known.kind, value: get(at, known.member, text(replacementPath)) };
  };
}

const EVERY_REQUEST: Fraction = { numerator: 100, denominator: 100 };
const MAX_INT32 = 2_147_483_647;

function readRequestMirror(settings: Field): HttpRouteFilter {
  const at = object(settings);
  const backendRef = get(at, "backendRef", readBackendObjectReference);
  const percent = get(at, "percent", optional(integer(0, 100)));
  const fraction = get(at, "fraction", optional(readFraction));
  if (percent !== undefined && fraction !== undefined) {
    report(member(at, "fraction"), "must not be set together with percent");
  }
  const ofPercent = percent === undefined ? EVERY_REQUEST : { numerator: percent, denominator: 100 };
  return { kind: "RequestMirror", backendRef, fraction: fraction ?? ofPercent };
}

function readFraction(field: Field): Fraction {
  const at = object(field);
  const numerator = get(at, "numerator", integer(0, MAX_INT32));
  const denominator = get(at, "denominator", withDefault(integer(1, MAX_INT32), 100));
  if (numerator > denominator)
    report(member(at, "numerator"), `must not be above the denominator ${denominator}`);
  return { numerator, denominator };
}

/** The filter is never in force, so of its settings only what every reader would trip over is checked. */
function readExternalAuth(settings: Field): HttpRouteFilter {
  const at = object(settings);
  get(at, "protocol", text());
  get(at, "backendRef", readBackendObjectReference);
  return { kind: "ExternalAuth" };
}

function readExtensionRef(settings: Field): HttpRouteFilter {
  const at = object(settings);
  return {
    kind: "ExtensionRef",
    group: get(at, "group", text(apiGroup)),
    refKind: get(at, "kind", text(objectKind)),
    name: get(at, "name", text(referencedName)),
  };
}
