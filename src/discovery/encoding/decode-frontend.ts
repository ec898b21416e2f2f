import type {
  BoundRoute,
  BoundRule,
  Frontend,
  FrontendProtocol,
  RouteScope,
  RouteSet,
} from "../../binding/frontend.ts";
import type { RouteRetry, RouteTimeouts } from "../../resources/http-route.ts";
import { defined, get, listOf, object } from "../../resources/read/collection.ts";
import type { Field } from "../../resources/read/field.ts";
import { dnsLabel, dnsSubdomain } from "../../resources/read/names.ts";
import { integer, optional, text } from "../../resources/read/scalar.ts";
import type { Problem, Result } from "../../resources/result.ts";
import {
  Frontend as FrontendMessage,
  Route as RouteMessage,
} from "../generated/eastbound/discovery/v1/frontend.ts";
import { backendReference } from "./backend-reference.ts";
import { readBackendRef, readFilters, unknownFilter } from "./decode-filter.ts";
import { readMatch } from "./decode-match.ts";
import {
  decodeWith,
  enumOf,
  refuseUnknown,
  unknownFieldIn,
  unknownFieldOf,
  withoutThrowing,
} from "./decode-message.ts";
import { ownBackend, parseFrontendName } from "./frontend-name.ts";
import { splitRoutes } from "./split-routes.ts";

type Place = Pick<Frontend, "name" | "address" | "port">;

/** `decodeFrontendInSteps`, in one go. */
export function decodeFrontend(name: string, bytes: Uint8Array): Result<Frontend> {
  const steps = decodeFrontendInSteps(name, bytes);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * Reads the bytes that `encodeFrontend` wrote, one route a step: thousands of rules take longer than one turn of the
 * event loop may. What a newer controller says of a rule and this version does not know costs that rule: its requests
 * are answered 500, or it does not match what it can't tell apart (proto/eastbound).
 */
export function* decodeFrontendInSteps(
  name: string,
  bytes: Uint8Array,
): Generator<undefined, Result<Frontend>> {
  const place = parseFrontendName(name);
  if (place === undefined) {
    return {
      kind: "invalid",
      problems: [{ path: "name", message: "must be IP:port, with IPv6 in brackets" }],
    };
  }
  const split = withoutThrowing(() => splitRoutes(bytes));
  if (split.kind === "invalid") return split;
  const result = decodeWith(split.value.rest, FrontendMessage, (field) =>
    readFrontend(field, { name, ...place }),
  );
  if (result.kind === "invalid" || result.value.routes === undefined) return result;
  const routes: BoundRoute[] = [];
  for (const [index, route] of split.value.routes.entries()) {
    yield;
    const read = decodeWith(route, RouteMessage, readRoute);
    if (read.kind === "invalid") return { kind: "invalid", problems: read.problems.map(inRoute(index)) };
    routes.push(read.value);
  }
  return { kind: "ok", value: { ...result.value, routes: { ...result.value.routes, routes } } };
}

/** Tells in which of a Frontend's routes a problem is. */
function inRoute(index: number): (problem: Problem) => Problem {
  return ({ path, message }) => ({
    path: `routes.routes[${index}]${path === "" ? "" : `.${path}`}`,
    message,
  });
}

const PROTOCOLS: Readonly<Record<number, FrontendProtocol>> = { 1: "http", 2: "detect", 3: "opaque" };

function readFrontend(field: Field, place: Place): Frontend {
  const at = object(field);
  refuseUnknown(at);
  const service = {
    namespace: get(at, "namespace", text(dnsLabel)),
    name: get(at, "service", text(dnsLabel)),
  };
  return {
    ...place,
    service,
    protocol: get(at, "protocol", enumOf(PROTOCOLS)),
    backend: get(at, "backend", (backend) =>
      backend.value === "" ? ownBackend(service, place.port) : backendReference(backend),
    ),
    ...defined({ routes: get(at, "routes", optional(readRoutes)) }),
  };
}

const ROUTE_KINDS: Readonly<Record<number, RouteSet["kind"]>> = { 1: "HTTPRoute" };

function readRoutes(field: Field): RouteSet {
  const at = object(field);
  refuseUnknown(at);
  return {
    kind: get(at, "kind", enumOf(ROUTE_KINDS)),
    scope: get(at, "consumerNamespace", readScope),
    routes: get(at, "routes", listOf(readRoute)),
  };
}

function readScope(field: Field): RouteScope {
  return field.value === "" ? { kind: "producer" } : { kind: "consumer", namespace: text(dnsLabel)(field) };
}

function readRoute(field: Field): BoundRoute {
  const at = object(field);
  refuseUnknown(at);
  return {
    namespace: get(at, "namespace", text(dnsLabel)),
    name: get(at, "name", text(dnsSubdomain)),
    rules: get(at, "rules", listOf(readRule)),
  };
}

function readRule(field: Field): BoundRule {
  const at = object(field);
  const message = at.value as { readonly retry?: unknown };
  const unknown = unknownFieldOf(message) ?? unknownFieldIn(message.retry);
  const filters = get(at, "filters", readFilters);
  return {
    index: get(at, "index", integer(0, 0xffff_ffff)),
    ...defined({ name: get(at, "name", optional(text(dnsSubdomain))) }),
    matches: get(at, "matches", listOf(readMatch, { minItems: 1 })),
    filters: unknown === undefined ? filters : [unknownFilter(`the rule has field ${unknown}`), ...filters],
    backends: get(at, "backends", listOf(readBackendRef)),
    timeouts: readTimeouts(at),
    ...defined({ retry: get(at, "retry", optional(readRetry)) }),
  };
}

const someTime = optional(integer(1, Number.MAX_SAFE_INTEGER));

function readTimeouts(at: Field): RouteTimeouts {
  return defined({
    requestMs: get(at, "requestTimeoutMs", someTime),
    backendRequestMs: get(at, "backendRequestTimeoutMs", someTime),
  });
}

function readRetry(field: Field): RouteRetry {
  const at = object(field);
  return {
    codes: get(at, "codes", listOf(integer(400, 599))),
    attempts: get(at, "attempts", integer(0, Number.MAX_SAFE_INTEGER)),
    ...defined({ backoffMs: get(at, "backoffMs", optional(integer(0, Number.MAX_SAFE_INTEGER))) }),
  };
}
