import { objectKey } from "../../resources/object-meta.ts";
import type { Service, ServicePort } from "../../resources/service.ts";
import type { FrontendProtocol } from "../frontend.ts";
import { enumerate } from "../sentence.ts";
import { OPAQUE_PORTS_ANNOTATION, parseOpaquePorts } from "./opaque-ports.ts";
import { classifyPort, type PortProtocol } from "./port-protocol.ts";

/** A Service with what its ports say of themselves: the first stage of binding, a function of the Service alone. */
export interface MeshService {
  /** `namespace/name`. */
  readonly key: string;
  readonly service: Service;
  /** The TCP ports, one of a number; none of an ExternalName Service, which has no endpoints. */
  readonly ports: readonly MeshPort[];
  /** What is wrong with the Service, in words. */
  readonly problems: readonly string[];
}

export interface MeshPort {
  readonly port: ServicePort;
  readonly protocol: PortProtocol;
  readonly isOptedOut: boolean;
}

export function classifyService(service: Service): MeshService {
  const opaque = parseOpaquePorts(service);
  const ports = new Map<number, MeshPort>();
  const problems = opaque.unknown.map(
    (entry) => `annotation ${OPAQUE_PORTS_ANNOTATION}: the Service has no port ${JSON.stringify(entry)}`,
  );
  for (const port of service.ports) {
    if (port.protocol !== "TCP" || service.type === "ExternalName") continue;
    if (ports.has(port.port)) {
      problems.push(`TCP port ${port.port} is listed twice; the first one counts`);
      continue;
    }
    const isOptedOut = opaque.numbers.has(port.port);
    ports.set(port.port, { port, protocol: classifyPort(port), isOptedOut });
  }
  return { key: objectKey(service.meta), service, ports: [...ports.values()], problems };
}

/** How connections to the port are read: the table in docs/proxy.md, "What is done with a connection". */
export function frontendProtocol(port: MeshPort, isRouted: boolean): FrontendProtocol {
  if (port.isOptedOut) return "opaque";
  switch (port.protocol.protocol) {
    case "http":
    case "websocket":
    case "http2":
      return "http";
    case "undeclared":
      return isRouted ? "detect" : "opaque";
    case "tls":
    case "other":
      return "opaque";
  }
}

/** Why the port takes no routes, to follow its name in a sentence; undefined where it takes them. */
export function whyUnroutable(port: MeshPort): string | undefined {
  if (frontendProtocol(port, true) !== "opaque") return undefined;
  if (port.isOptedOut) return `is opted out by the annotation ${OPAQUE_PORTS_ANNOTATION}`;
  const declared = JSON.stringify(port.protocol.declared);
  return port.protocol.source === "appProtocol"
    ? `declares appProtocol ${declared}`
    : `declares ${declared} by its name`;
}

/** `80`, or `80 (web)` where it has a name. */
export function describePort(port: ServicePort): string {
  return port.name === "" ? String(port.port) : `${port.port} (${port.name})`;
}

/** The TCP ports, as a list to read; `none` where there are none. */
export function listPorts(mesh: MeshService): string {
  return mesh.ports.length === 0 ? "none" : enumerate(mesh.ports.map(({ port }) => describePort(port)));
}
