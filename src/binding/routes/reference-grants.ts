import type { ReferenceGrant } from "../../resources/reference-grant.ts";
import { isServiceKind } from "./reference-kind.ts";

/** Who may refer to the Services of a namespace, by that namespace. */
export type GrantIndex = ReadonlyMap<string, readonly ReferenceGrant[]>;

/** A reference from a route to a Service of another namespace. */
export interface CrossReference {
  readonly routeKind: "HTTPRoute";
  readonly routeNamespace: string;
  readonly serviceNamespace: string;
  readonly service: string;
}

export function indexGrants(grants: Iterable<ReferenceGrant>): GrantIndex {
  return Map.groupBy(grants, (grant) => grant.meta.namespace);
}

/** https://gateway-api.sigs.k8s.io/api-types/referencegrant/ */
export function isGranted(reference: CrossReference, grants: GrantIndex): boolean {
  return (grants.get(reference.serviceNamespace) ?? []).some(
    (grant) =>
      grant.from.some(
        (from) =>
          from.group === "gateway.networking.k8s.io" &&
          from.kind === reference.routeKind &&
          from.namespace === reference.routeNamespace,
      ) &&
      grant.to.some(
        (to) => isServiceKind(to.group, to.kind) && (to.name === undefined || to.name === reference.service),
      ),
  );
}
