import type { InvalidHttpRoute } from "../resources/http-route/invalid-http-route.ts";
import type { HttpRoute } from "../resources/http-route.ts";
import type { MeshObject, ObjectIdentity } from "../resources/parse-object.ts";

/** What binding takes: every object of the mesh, and what is left of routes that could not be parsed. */
export type BindableObject = MeshObject | InvalidHttpRoute;

/** What is bound as a route. */
export type BindableRoute = HttpRoute | InvalidHttpRoute;

/** An object that came, changed or went. */
export type BindingInput =
  | { readonly kind: "upsert"; readonly object: BindableObject }
  | { readonly kind: "delete"; readonly identity: ObjectIdentity };

/** A route that can't be parsed is still that route. */
export function identityOf({ kind, meta }: BindableObject): ObjectIdentity {
  const { namespace, name } = meta;
  return { kind: kind === "InvalidHTTPRoute" ? "HTTPRoute" : kind, namespace, name };
}
