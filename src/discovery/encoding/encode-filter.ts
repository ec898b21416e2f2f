import type {
  BackendTarget,
  BoundBackendRef,
  BoundFilter,
  InvalidBackendReason,
} from "../../binding/frontend.ts";
import type { Cors, HeaderModifier, PathModifier, RequestRedirect } from "../../resources/http-route.ts";
import {
  type BackendRef as BackendRefMessage,
  type BackendTarget as BackendTargetMessage,
  type Cors as CorsMessage,
  type Filter as FilterMessage,
  type HeaderModifier as HeaderModifierMessage,
  type PathModifier as PathModifierMessage,
  InvalidBackendReason as Reason,
  type RequestRedirect as RequestRedirectMessage,
} from "../generated/eastbound/discovery/v1/frontend.ts";

export function encodeBackendRef({ target, weight, filters }: BoundBackendRef): BackendRefMessage {
  return { target: encodeTarget(target), weight, filters: filters.map(encodeFilter) };
}

const REASONS: Readonly<Record<InvalidBackendReason, Reason>> = {
  RefNotPermitted: Reason.REF_NOT_PERMITTED,
  InvalidKind: Reason.INVALID_KIND,
  BackendNotFound: Reason.BACKEND_NOT_FOUND,
  UnsupportedProtocol: Reason.UNSUPPORTED_PROTOCOL,
};

function encodeTarget(target: BackendTarget): BackendTargetMessage {
  if (target.kind === "Backend") return { kind: { $case: "backend", value: target.name } };
  const invalid = { reason: REASONS[target.reason], message: target.message };
  return { kind: { $case: "invalid", value: invalid } };
}

export function encodeFilter(filter: BoundFilter): FilterMessage {
  switch (filter.kind) {
    case "RequestHeaderModifier":
      return { kind: { $case: "requestHeaders", value: encodeHeaders(filter.headers) } };
    case "ResponseHeaderModifier":
      return { kind: { $case: "responseHeaders", value: encodeHeaders(filter.headers) } };
    case "RequestRedirect":
      return { kind: { $case: "redirect", value: encodeRedirect(filter.redirect) } };
    case "URLRewrite": {
      const { hostname, path } = filter.rewrite;
      return { kind: { $case: "rewrite", value: { hostname, path: encodePathModifier(path) } } };
    }
    case "RequestMirror": {
      const { numerator, denominator } = filter.fraction;
      const target = encodeTarget(filter.target);
      return { kind: { $case: "mirror", value: { target, numerator, denominator } } };
    }
    case "CORS":
      return { kind: { $case: "cors", value: encodeCors(filter.cors) } };
    case "Unresolved":
      return { kind: { $case: "unresolved", value: filter.message } };
  }
}

function encodeHeaders({ set, add, remove }: HeaderModifier): HeaderModifierMessage {
  const plain = ({ name, value }: { name: string; value: string }): { name: string; value: string } => ({
    name,
    value,
  });
  return { set: set.map(plain), add: add.map(plain), remove: [...remove] };
}

function encodeRedirect({
  scheme,
  hostname,
  port,
  path,
  statusCode,
}: RequestRedirect): RequestRedirectMessage {
  return { scheme, hostname, port, path: encodePathModifier(path), statusCode };
}

function encodePathModifier(modifier: PathModifier | undefined): PathModifierMessage | undefined {
  if (modifier === undefined) return undefined;
  const { kind, value } = modifier;
  return kind === "ReplaceFullPath"
    ? { kind: { $case: "replaceFullPath", value } }
    : { kind: { $case: "replacePrefixMatch", value } };
}

function encodeCors(cors: Cors): CorsMessage {
  return {
    allowOrigins: [...cors.allowOrigins],
    allowMethods: [...cors.allowMethods],
    allowHeaders: [...cors.allowHeaders],
    exposeHeaders: [...cors.exposeHeaders],
    allowCredentials: cors.allowCredentials,
    maxAge: cors.maxAgeSeconds,
  };
}
