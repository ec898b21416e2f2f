import type {
  Cors,
  Fraction,
  HeaderModifier,
  HttpRouteMatch,
  RequestRedirect,
  RouteRetry,
  RouteTimeouts,
  UrlRewrite,
} from "../resources/http-route.ts";
import { joinHostPort } from "../resources/ip-address.ts";

/**
 * What happens to connections to one address and port of a Service, for the clients of one namespace.
 * Named `IP:port`, IPv6 in brackets. Serialisable: the controller sends it as it is.
 */
export interface Frontend {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly service: { readonly namespace: string; readonly name: string };
  readonly protocol: FrontendProtocol;
  /** The Service's own backend: for opaque traffic, and for HTTP while no route is bound. */
  readonly backend: string;
  /** Absent where no route is bound: traffic goes to the Service's own endpoints. */
  readonly routes?: RouteSet;
}

/**
 * How a connection is read.
 * `http`: declared, the first bytes tell HTTP/1.1, HTTP/2 or neither.
 * `detect`: undeclared but routed; as `http`, but a silent client is forwarded opaquely after a second.
 * `opaque`: forwarded at once and not looked at.
 */
export type FrontendProtocol = "http" | "detect" | "opaque";

/**
 * The routes in force, in order of precedence: oldest first, then by namespace/name (producer and consumer sets never
 * merge).
 */
export interface RouteSet {
  readonly kind: "HTTPRoute";
  readonly scope: RouteScope;
  readonly routes: readonly BoundRoute[];
}

export type RouteScope =
  | { readonly kind: "producer" }
  | { readonly kind: "consumer"; readonly namespace: string };

export interface BoundRoute {
  readonly namespace: string;
  readonly name: string;
  readonly rules: readonly BoundRule[];
}

export interface BoundRule {
  /** Its place in the route's spec, kept when other rules were dropped. */
  readonly index: number;
  readonly name?: string;
  readonly matches: readonly HttpRouteMatch[];
  readonly filters: readonly BoundFilter[];
  readonly backends: readonly BoundBackendRef[];
  readonly timeouts: RouteTimeouts;
  readonly retry?: RouteRetry;
}

export type BoundFilter =
  | { readonly kind: "RequestHeaderModifier"; readonly headers: HeaderModifier }
  | { readonly kind: "ResponseHeaderModifier"; readonly headers: HeaderModifier }
  | { readonly kind: "RequestRedirect"; readonly redirect: RequestRedirect }
  | { readonly kind: "URLRewrite"; readonly rewrite: UrlRewrite }
  | { readonly kind: "RequestMirror"; readonly target: BackendTarget; readonly fraction: Fraction }
  | { readonly kind: "CORS"; readonly cors: Cors }
  /** A filter that must not be skipped and can't be applied: the request is answered 500. */
  | { readonly kind: "Unresolved"; readonly message: string };

export interface BoundBackendRef {
  readonly target: BackendTarget;
  readonly weight: number;
  readonly filters: readonly BoundFilter[];
}

export type BackendTarget =
  | { readonly kind: "Backend"; readonly name: string }
  | { readonly kind: "Invalid"; readonly reason: InvalidBackendReason; readonly message: string };

/** The reasons of the ResolvedRefs condition. */
export type InvalidBackendReason =
  | "RefNotPermitted"
  | "InvalidKind"
  | "BackendNotFound"
  | "UnsupportedProtocol";

export function frontendName(address: string, port: number): string {
  return joinHostPort(address, port);
}
