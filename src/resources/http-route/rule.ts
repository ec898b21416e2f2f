import { duration } from "../duration.ts";
import type { HttpBackendRef, HttpRouteRule, RouteRetry, RouteTimeouts } from "../http-route.ts";
import { defined, get, listOf, object, objectOrEmpty } from "../read/collection.ts";
import { type Field, isAbsent, member, type Read, report } from "../read/field.ts";
import { dnsSubdomain } from "../read/names.ts";
import { integer, optional, text, withDefault } from "../read/scalar.ts";
import { readFilter } from "./filter.ts";
import { EVERY_REQUEST, readMatch } from "./match.ts";
import { readBackendObjectReference } from "./references.ts";

/** The rule of a route that has none: it matches every request, and has no backend for it. */
export const DEFAULT_RULE: HttpRouteRule = {
  matches: [EVERY_REQUEST],
  filters: [],
  backendRefs: [],
  timeouts: {},
  hasSessionPersistence: false,
};

export function readRule(field: Field): HttpRouteRule {
  const at = object(field);
  const matches = get(at, "matches", listOf(readMatch(at), { maxItems: 64 }));
  return {
    ...defined({ name: get(at, "name", optional(text(dnsSubdomain))) }),
    matches: matches.length === 0 ? DEFAULT_RULE.matches : matches,
    filters: get(at, "filters", listOf(readFilter(at), { maxItems: 16 })),
    backendRefs: get(at, "backendRefs", listOf(readBackendRef(at), { maxItems: 16 })),
    timeouts: get(at, "timeouts", readTimeouts),
    ...defined({ retry: get(at, "retry", optional(readRetry)) }),
    hasSessionPersistence: get(at, "sessionPersistence", isObject),
  };
}

const MAX_WEIGHT = 1_000_000;

function readBackendRef(rule: Field): Read<HttpBackendRef> {
  return (field) => {
    const at = object(field);
    return {
      ref: readBackendObjectReference(at),
      weight: get(at, "weight", withDefault(integer(0, MAX_WEIGHT), 1)),
      filters: get(at, "filters", listOf(readFilter(rule), { maxItems: 16 })),
    };
  };
}

/** `0s` switches a limit off (https://gateway-api.sigs.k8s.io/geps/gep-1742/), which is the same as none. */
function readTimeouts(field: Field): RouteTimeouts {
  const at = objectOrEmpty(field);
  const requestMs = get(at, "request", optional(duration));
  const backendRequestMs = get(at, "backendRequest", optional(duration));
  if (requestMs !== undefined && requestMs > 0 && (backendRequestMs ?? 0) > requestMs) {
    report(member(at, "backendRequest"), "must not be longer than request");
  }
  return defined({ requestMs: requestMs || undefined, backendRequestMs: backendRequestMs || undefined });
}

/** A stanza without `attempts` asks for one try more, an empty stanza too. */
function readRetry(field: Field): RouteRetry {
  const at = object(field);
  return {
    codes: [...new Set(get(at, "codes", listOf(integer(400, 599))))],
    attempts: get(at, "attempts", withDefault(integer(0, Number.MAX_SAFE_INTEGER), 1)),
    ...defined({ backoffMs: get(at, "backoff", optional(duration)) }),
  };
}

function isObject(field: Field): boolean {
  if (isAbsent(field)) return false;
  object(field);
  return true;
}
