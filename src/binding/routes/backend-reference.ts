import type { BackendObjectReference } from "../../resources/http-route.ts";
import { backendName } from "../backend.ts";
import type { BackendTarget, InvalidBackendReason } from "../frontend.ts";
import type { MeshPort, MeshService } from "../services/mesh-service.ts";
import { listPorts } from "../services/mesh-service.ts";
import { type GrantIndex, isGranted } from "./reference-grants.ts";
import { isServiceKind } from "./reference-kind.ts";

/** What references of routes are resolved against. */
export interface ReferenceScope {
  /** By `namespace/name`. */
  readonly services: ReadonlyMap<string, MeshService>;
  readonly grants: GrantIndex;
  /** Whether a reference into another namespace needs a ReferenceGrant; in a mesh it needs none (GEP-1294). */
  readonly strictGrants: boolean;
}

/**
 * The Backend that a backendRef or a mirror names, or why it names none, in the reasons of the ResolvedRefs condition
 * (https://gateway-api.sigs.k8s.io/reference/spec/#routeconditionreason).
 *
 * The grant is judged before existence, so that a route can't learn what exists where it has no business. An
 * ExternalName Service exists and is not a kind that has endpoints, hence InvalidKind. UnsupportedProtocol goes by
 * appProtocol alone: names are chosen freely, and a port named `tcp-web` may well speak HTTP.
 */
export function resolveBackend(
  ref: BackendObjectReference,
  routeNamespace: string,
  scope: ReferenceScope,
): BackendTarget {
  if (!isServiceKind(ref.group, ref.kind)) {
    const kind = ref.group === "" ? ref.kind : `${ref.kind}.${ref.group}`;
    return invalid("InvalidKind", `${kind} ${JSON.stringify(ref.name)} is not a Service`);
  }
  const namespace = ref.namespace ?? routeNamespace;
  const key = `${namespace}/${ref.name}`;
  if (scope.strictGrants && namespace !== routeNamespace) {
    const cross = {
      routeKind: "HTTPRoute",
      routeNamespace,
      serviceNamespace: namespace,
      service: ref.name,
    } as const;
    if (!isGranted(cross, scope.grants)) {
      const message = `no ReferenceGrant in namespace ${namespace} lets HTTPRoutes of namespace ${routeNamespace} refer to Service ${key}`;
      return invalid("RefNotPermitted", message);
    }
  }
  const mesh = scope.services.get(key);
  if (mesh === undefined) return invalid("BackendNotFound", `Service ${key} does not exist`);
  return resolvePort(ref, mesh);
}

function resolvePort(ref: BackendObjectReference, mesh: MeshService): BackendTarget {
  const { namespace, name } = mesh.service.meta;
  if (mesh.service.type === "ExternalName") {
    return invalid("InvalidKind", `Service ${mesh.key} is of type ExternalName and has no endpoints`);
  }
  if (ref.port === undefined) {
    return invalid("BackendNotFound", `the reference to Service ${mesh.key} names no port`);
  }
  const port = mesh.ports.find((candidate) => candidate.port.port === ref.port);
  if (port === undefined) {
    const message = `Service ${mesh.key} has no TCP port ${ref.port}; it has ${listPorts(mesh)}`;
    return invalid("BackendNotFound", message);
  }
  if (!canTakeHttp(port)) {
    const declared = JSON.stringify(port.protocol.declared);
    return invalid(
      "UnsupportedProtocol",
      `port ${ref.port} of Service ${mesh.key} declares appProtocol ${declared}, which an HTTPRoute can't be sent to`,
    );
  }
  return { kind: "Backend", name: backendName(namespace, name, ref.port) };
}

function canTakeHttp({ protocol: { protocol, source } }: MeshPort): boolean {
  return source !== "appProtocol" || (protocol !== "tls" && protocol !== "other");
}

function invalid(reason: InvalidBackendReason, message: string): BackendTarget {
  return { kind: "Invalid", reason, message };
}
