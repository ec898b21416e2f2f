import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Child, outputOf } from "../children.ts";
import { type Contestant, SET_HEADER, type Setup } from "../contestant.ts";
import { freePorts, listening } from "../ports.ts";

const program = join(import.meta.dirname, "../../../../dist/eastbound.js");

/** The bundled program with its defaults and metrics on. */
export const eastbound: Contestant = {
  name: "eastbound",
  version: async () => {
    const output = await outputOf({
      name: "eastbound",
      command: process.execPath,
      args: [program, "--version"],
    });
    return output.trim().replace(/^eastbound /, "");
  },
  start: (setup) => startEastbound(setup, { services: [{ ...setup, rules: 1 }] }),
};

/** The same with a port that is declared to be TCP. */
export const eastboundTcp: Contestant = {
  ...eastbound,
  start: (setup) => startEastbound(setup, { services: [{ ...setup, rules: 0 }] }),
};

/** A Service that the proxy knows. */
export interface BenchService {
  readonly port: number;
  readonly backendPort: number;
  /**
   * How many rules its HTTPRoute has: the last is the prefix `/`, the others have paths of their own. None: the port
   * is declared to be TCP.
   */
  readonly rules: number;
}

export interface EastboundOptions {
  readonly services: readonly BenchService[];
  /** The Node.js to run it with, this one unless told. */
  readonly node?: string;
  readonly nodeFlags?: readonly string[];
}

/** Returns once it listens on the ports of all Services. */
export async function startEastbound(
  { children, cpu, folder }: Pick<Setup, "children" | "cpu" | "folder">,
  { services, node = process.execPath, nodeFlags = [] }: EastboundOptions,
): Promise<Child> {
  const manifests = join(folder, "manifests");
  await mkdir(manifests);
  await Promise.all(
    services.map((service, index) =>
      writeFile(
        join(manifests, `service-${index}.json`),
        JSON.stringify(manifestOf(`service-${index}`, service)),
      ),
    ),
  );
  const [admin, metrics] = await freePorts(2);
  const child = await children.start({
    name: "eastbound",
    command: node,
    args: [
      ...nodeFlags,
      program,
      "proxy",
      "--manifests",
      manifests,
      "--admin",
      `127.0.0.1:${admin}`,
      "--metrics",
      `127.0.0.1:${metrics}`,
    ],
    cpu,
  });
  for (const { port } of services) await listening(child, port);
  return child;
}

/** Whether the program was built; it is the bundle that is measured, as it is shipped. */
export async function isBuilt(): Promise<boolean> {
  try {
    await readFile(program);
    return true;
  } catch {
    return false;
  }
}

function manifestOf(name: string, service: BenchService): unknown {
  const items = [serviceOf(name, service), endpointsOf(name, service), ...routesOf(name, service)];
  return { apiVersion: "v1", kind: "List", items };
}

function serviceOf(name: string, { port, rules }: BenchService): unknown {
  const appProtocol = rules === 0 ? "tcp" : "http";
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { clusterIPs: ["127.0.0.1"], ports: [{ name: "main", port, appProtocol }] },
  };
}

function endpointsOf(name: string, { backendPort }: BenchService): unknown {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${name}-1`, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
    ports: [{ name: "main", port: backendPort, protocol: "TCP" }],
  };
}

/** Rules of an HTTPRoute: the API allows 16 in one route, so that many rules are many routes. */
const RULES_PER_ROUTE = 16;

/** The prefix of a rule that isn't the last. */
export function pathOfRule(index: number): string {
  return `/api/v1/resource-${index}/items`;
}

function routesOf(name: string, { port, rules }: BenchService): readonly unknown[] {
  const all = Array.from({ length: rules }, (_, index) => ({
    matches: [{ path: { type: "PathPrefix", value: index === rules - 1 ? "/" : pathOfRule(index) } }],
    filters: [
      {
        type: "RequestHeaderModifier",
        requestHeaderModifier: { set: [{ ...SET_HEADER }] },
      },
    ],
    backendRefs: [{ name, port }],
  }));
  return Array.from({ length: Math.ceil(rules / RULES_PER_ROUTE) }, (_, index) => ({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: `${name}-${index}` },
    spec: {
      parentRefs: [{ group: "", kind: "Service", name, port }],
      rules: all.slice(index * RULES_PER_ROUTE, (index + 1) * RULES_PER_ROUTE),
    },
  }));
}
