import type { Service } from "../../resources/service.ts";

/** On a Service: `all`, or a comma-separated list of port numbers and names, that no proxy is to look into. */
export const OPAQUE_PORTS_ANNOTATION = "proxy.eastbound.dev/opaque-ports";

export interface OpaquePorts {
  readonly numbers: ReadonlySet<number>;
  /** Entries of the list that name no port of the Service; the others count all the same. */
  readonly unknown: readonly string[];
}

export function parseOpaquePorts(service: Service): OpaquePorts {
  const numbers = new Set<number>();
  const unknown: string[] = [];
  for (const word of (service.meta.annotations[OPAQUE_PORTS_ANNOTATION] ?? "").split(",")) {
    const entry = word.trim();
    if (entry === "") continue;
    const named = service.ports.filter(
      (port) => entry === "all" || port.name === entry || String(port.port) === entry,
    );
    if (named.length === 0) unknown.push(entry);
    for (const port of named) numbers.add(port.port);
  }
  return { numbers, unknown };
}
