import type { BoundRoute, BoundRule, Frontend, FrontendProtocol, RouteSet } from "../../binding/frontend.ts";
import type { HttpRouteMatch, PathMatch, RouteRetry, ValueMatch } from "../../resources/http-route.ts";
import {
  Frontend as FrontendMessage,
  type Match as MatchMessage,
  type PathMatch as PathMatchMessage,
  FrontendProtocol as Protocol,
  type Retry as RetryMessage,
  RouteKind,
  type Route as RouteMessage,
  type RouteSet as RouteSetMessage,
  type Rule as RuleMessage,
  type ValueMatch as ValueMatchMessage,
} from "../generated/eastbound/discovery/v1/frontend.ts";
import { encodeBackendRef, encodeFilter } from "./encode-filter.ts";
import { ownBackend } from "./frontend-name.ts";

const PROTOCOLS: Readonly<Record<FrontendProtocol, Protocol>> = {
  http: Protocol.FRONTEND_HTTP,
  detect: Protocol.FRONTEND_DETECT,
  opaque: Protocol.FRONTEND_OPAQUE,
};

/** The bytes of a Frontend, without its name and what follows from it. The same Frontend gives the same bytes everywhere. */
export function encodeFrontend(frontend: Frontend): Uint8Array {
  const { service, port, backend, routes } = frontend;
  return FrontendMessage.encode({
    namespace: service.namespace,
    service: service.name,
    protocol: PROTOCOLS[frontend.protocol],
    backend: backend === ownBackend(service, port) ? "" : backend,
    routes: routes === undefined ? undefined : encodeRoutes(routes),
  }).finish();
}

const ROUTE_KINDS: Readonly<Record<RouteSet["kind"], RouteKind>> = { HTTPRoute: RouteKind.HTTP_ROUTE };

function encodeRoutes({ kind, scope, routes }: RouteSet): RouteSetMessage {
  return {
    kind: ROUTE_KINDS[kind],
    consumerNamespace: scope.kind === "consumer" ? scope.namespace : "",
    routes: routes.map(encodeRoute),
  };
}

function encodeRoute({ namespace, name, rules }: BoundRoute): RouteMessage {
  return { namespace, name, rules: rules.map(encodeRule) };
}

function encodeRule(rule: BoundRule): RuleMessage {
  return {
    index: rule.index,
    name: rule.name,
    matches: rule.matches.map(encodeMatch),
    filters: rule.filters.map(encodeFilter),
    backends: rule.backends.map(encodeBackendRef),
    requestTimeoutMs: rule.timeouts.requestMs,
    backendRequestTimeoutMs: rule.timeouts.backendRequestMs,
    retry: rule.retry === undefined ? undefined : encodeRetry(rule.retry),
  };
}

function encodeRetry({ codes, attempts, backoffMs }: RouteRetry): RetryMessage {
  return { codes: [...codes], attempts, backoffMs };
}

function encodeMatch({ path, headers, queryParams, method }: HttpRouteMatch): MatchMessage {
  return {
    path: encodePath(path),
    headers: headers.map(encodeValueMatch),
    queryParams: queryParams.map(encodeValueMatch),
    method,
  };
}

function encodePath(path: PathMatch): PathMatchMessage {
  switch (path.kind) {
    case "Exact":
      return { kind: { $case: "exact", value: path.value } };
    case "PathPrefix":
      return { kind: { $case: "prefix", value: path.value } };
    case "RegularExpression":
      return { kind: { $case: "regularExpression", value: path.value } };
    case "Unsupported":
      return { kind: { $case: "unsupported", value: { field: path.field, value: path.value } } };
  }
}

function encodeValueMatch(match: ValueMatch): ValueMatchMessage {
  switch (match.kind) {
    case "Exact":
      return { name: match.name, kind: { $case: "exact", value: match.value } };
    case "RegularExpression":
      return { name: match.name, kind: { $case: "regularExpression", value: match.value } };
    case "Unsupported":
      return { name: "", kind: { $case: "unsupported", value: { field: match.field, value: match.value } } };
  }
}
