import type { ObjectMeta } from "./object-meta.ts";

/**
 * A gateway.networking.k8s.io/v1 HTTPRoute with the fields of both channels (Gateway API 1.7).
 *
 * Values that the API may add one day (a match type, a filter type) parse as `Unsupported`, so that one of them
 * costs its rule and not the whole object.
 */
export interface HttpRoute {
  readonly kind: "HTTPRoute";
  readonly meta: ObjectMeta;
  readonly parentRefs: readonly ParentRef[];
  /** Kept for display; a mesh infers nothing from them (GEP-1294). */
  readonly hostnames: readonly string[];
  readonly rules: readonly HttpRouteRule[];
}

/** As written, no default filled in: route status must name the parent in the same words. */
export interface ParentRef {
  readonly group?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name: string;
  readonly sectionName?: string;
  readonly port?: number;
}

export interface HttpRouteRule {
  readonly name?: string;
  /** Never empty: the default is one match of every path. */
  readonly matches: readonly HttpRouteMatch[];
  readonly filters: readonly HttpRouteFilter[];
  readonly backendRefs: readonly HttpBackendRef[];
  readonly timeouts: RouteTimeouts;
  readonly retry?: RouteRetry;
  /** Parsed to be reported as not in force. */
  readonly hasSessionPersistence: boolean;
}

export interface HttpRouteMatch {
  readonly path: PathMatch;
  /** The first entry of each name counts; names are lower-case. */
  readonly headers: readonly ValueMatch[];
  readonly queryParams: readonly ValueMatch[];
  readonly method?: string;
}

export type PathMatch =
  | { readonly kind: "Exact"; readonly value: string }
  | { readonly kind: "PathPrefix"; readonly value: string }
  | { readonly kind: "RegularExpression"; readonly value: string }
  | Unsupported;

export type ValueMatch =
  | { readonly kind: "Exact"; readonly name: string; readonly value: string }
  | { readonly kind: "RegularExpression"; readonly name: string; readonly value: string }
  | Unsupported;

/** A value of a closed list that this version does not know. `field` is its path inside the rule. */
export interface Unsupported {
  readonly kind: "Unsupported";
  readonly field: string;
  readonly value: string;
}

export type HttpRouteFilter =
  | { readonly kind: "RequestHeaderModifier"; readonly headers: HeaderModifier }
  | { readonly kind: "ResponseHeaderModifier"; readonly headers: HeaderModifier }
  | { readonly kind: "RequestRedirect"; readonly redirect: RequestRedirect }
  | { readonly kind: "URLRewrite"; readonly rewrite: UrlRewrite }
  | {
      readonly kind: "RequestMirror";
      readonly backendRef: BackendObjectReference;
      readonly fraction: Fraction;
    }
  | { readonly kind: "CORS"; readonly cors: Cors }
  | { readonly kind: "ExternalAuth" }
  | { readonly kind: "ExtensionRef"; readonly group: string; readonly refKind: string; readonly name: string }
  | Unsupported;

/** One action per name. Names keep their case for the wire; values are valid field values. */
export interface HeaderModifier {
  readonly set: readonly HeaderValue[];
  readonly add: readonly HeaderValue[];
  readonly remove: readonly string[];
}

export interface HeaderValue {
  readonly name: string;
  readonly value: string;
}

export interface RequestRedirect {
  readonly scheme?: string;
  readonly hostname?: string;
  readonly port?: number;
  readonly path?: PathModifier;
  readonly statusCode: 301 | 302 | 303 | 307 | 308;
}

export interface UrlRewrite {
  readonly hostname?: string;
  readonly path?: PathModifier;
}

export type PathModifier =
  | { readonly kind: "ReplaceFullPath"; readonly value: string }
  | { readonly kind: "ReplacePrefixMatch"; readonly value: string };

/** `percent: 20` is 20/100. */
export interface Fraction {
  readonly numerator: number;
  readonly denominator: number;
}

export interface Cors {
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly allowCredentials: boolean;
  readonly maxAgeSeconds: number;
}

export interface HttpBackendRef {
  readonly ref: BackendObjectReference;
  readonly weight: number;
  readonly filters: readonly HttpRouteFilter[];
}

export interface BackendObjectReference {
  /** Empty for the core group. */
  readonly group: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly port?: number;
}

/** In milliseconds; absent where the route sets none, or `0s`, which means the same: no limit. */
export interface RouteTimeouts {
  readonly requestMs?: number;
  readonly backendRequestMs?: number;
}

export interface RouteRetry {
  readonly codes: readonly number[];
  /** Tries beyond the first one. */
  readonly attempts: number;
  readonly backoffMs?: number;
}
