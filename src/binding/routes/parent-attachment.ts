import type { HttpRoute, ParentRef } from "../../resources/http-route.ts";
import type { MeshPort, MeshService } from "../services/mesh-service.ts";
import { describePort, listPorts, whyUnroutable } from "../services/mesh-service.ts";
import { isServiceKind } from "./reference-kind.ts";

/** What became of one parentRef. */
export type ParentAttachment =
  | {
      readonly kind: "attached";
      readonly parentRef: ParentRef;
      readonly service: MeshService;
      /** Never empty. */
      readonly ports: readonly MeshPort[];
      /** Ports that the parentRef names too and that stay opaque. */
      readonly opaque: readonly OpaquePort[];
    }
  | {
      readonly kind: "unmatched";
      readonly parentRef: ParentRef;
      /** A sentence. */
      readonly message: string;
    };

export interface OpaquePort {
  readonly port: MeshPort;
  /** To follow the port's name in a sentence. */
  readonly why: string;
}

/**
 * Where a route attaches, one entry for each parentRef that means a Service; other parents belong to gateways and
 * other meshes. The namespace defaults to the route's own. `port` and `sectionName` (the port's name) must both fit
 * where they are given, and without them the route attaches to each port; one port that takes routes is enough
 * (https://gateway-api.sigs.k8s.io/reference/spec/#parentreference).
 */
export function attachParents(
  route: HttpRoute,
  services: ReadonlyMap<string, MeshService>,
): readonly ParentAttachment[] {
  return serviceParents(route.parentRefs).map((ref) => attachParent(ref, route.meta.namespace, services));
}

/** The parentRefs that the mesh answers for, each once. */
export function serviceParents(refs: readonly ParentRef[]): readonly ParentRef[] {
  return distinct(refs).filter(isServiceParent);
}

export function isServiceParent(ref: ParentRef): boolean {
  return isServiceKind(ref.group ?? "gateway.networking.k8s.io", ref.kind ?? "Gateway");
}

/** The status has one entry for each parentRef, so what is written twice counts once. */
function distinct(refs: readonly ParentRef[]): readonly ParentRef[] {
  const key = (ref: ParentRef) =>
    JSON.stringify([ref.group, ref.kind, ref.namespace, ref.name, ref.sectionName, ref.port]);
  const seen = new Set<string>();
  return refs.filter((ref) => seen.size < seen.add(key(ref)).size);
}

function attachParent(
  parentRef: ParentRef,
  routeNamespace: string,
  services: ReadonlyMap<string, MeshService>,
): ParentAttachment {
  const key = `${parentRef.namespace ?? routeNamespace}/${parentRef.name}`;
  const service = services.get(key);
  const unmatched = (message: string): ParentAttachment => ({ kind: "unmatched", parentRef, message });
  if (service === undefined) return unmatched(`Service ${key} does not exist.`);
  const unaddressable = whyUnaddressable(service);
  if (unaddressable !== undefined) return unmatched(`Service ${key} ${unaddressable}.`);

  const named = service.ports.filter(
    ({ port }) =>
      (parentRef.port === undefined || port.port === parentRef.port) &&
      (parentRef.sectionName === undefined || port.name === parentRef.sectionName),
  );
  if (named.length === 0)
    return unmatched(`Service ${key} has no TCP port${describeMismatch(parentRef, service)}.`);
  const opaque = named.flatMap((port) => {
    const why = whyUnroutable(port);
    return why === undefined ? [] : [{ port, why }];
  });
  const ports = named.filter((port) => !opaque.some((other) => other.port === port));
  if (ports.length === 0) return unmatched(`Service ${key} takes no routes: ${describeOpaque(opaque)}.`);
  return { kind: "attached", parentRef, service, ports, opaque };
}

/** Clients dial a ClusterIP; without one there is nothing that a route could be applied to (GEP-1294). */
function whyUnaddressable({ service }: MeshService): string | undefined {
  if (service.type === "ExternalName")
    return "is of type ExternalName, so clients do not dial it by a ClusterIP";
  if (service.isHeadless) return "is headless, so clients dial its pods and not a ClusterIP";
  if (service.clusterIPs.length === 0) return "has no ClusterIP";
  return undefined;
}

/** `port 443 (https) declares "https" by its name, port 25 …`: the ports that stay opaque and why. */
export function describeOpaque(ports: readonly OpaquePort[]): string {
  return ports.map(({ port, why }) => `port ${describePort(port.port)} ${why}`).join(", ");
}

/** What of the ports was wanted and what there is; nothing where the parentRef wants any. */
function describeMismatch({ port, sectionName }: ParentRef, service: MeshService): string {
  const number = port === undefined ? "" : ` ${port}`;
  const name = sectionName === undefined ? "" : ` named ${JSON.stringify(sectionName)}`;
  if (number + name === "") return "";
  return `${number}${name}; it has ${listPorts(service)}`;
}
