import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import type { Backend, Endpoint } from "../../src/binding/backend.ts";
import type { BoundRule, Frontend } from "../../src/binding/frontend.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { DEFAULT_PROXY_LIMITS, type ProxyLimits } from "../../src/proxy/limits.ts";
import type { AccessLogEntry, DestinationLearner, ProxyTelemetry } from "../../src/proxy/ports.ts";
import { Proxy } from "../../src/proxy/proxy.ts";
import { TimerWheel } from "../../src/proxy/timer-wheel.ts";
import { type AcceptedSocket, listenForWires } from "../../src/proxy/wire.ts";
import { type ReadResponse, ResponseReader } from "./response-reader.ts";

/** The address of the one Service that the harness serves. */
export const SERVICE = { address: "10.96.0.1", port: 80 } as const;

export interface HarnessOptions {
  readonly frontend?: Partial<Frontend>;
  /** Rules of one HTTPRoute; none: traffic goes to the Service's own backend. */
  readonly rules?: readonly Partial<BoundRule>[];
  /** By name; `app/web:80` is the Service's own. Ports of endpoints on 127.0.0.1. */
  readonly backends?: Readonly<Record<string, readonly number[]>>;
  readonly backendFields?: Partial<Backend>;
  readonly limits?: Partial<ProxyLimits>;
  readonly random?: () => number;
  readonly onLogged?: (entry: AccessLogEntry) => void;
  readonly memoryPercent?: () => number;
  readonly learner?: DestinationLearner;
  /** In the place of the one that records. */
  readonly telemetry?: ProxyTelemetry;
  readonly staleForMs?: () => number;
  /** What the Service is not served for may go where it was going: the address of `frontend` must be a real one then. */
  readonly canPassThrough?: boolean;
}

/** A proxy in this process with one Service on a port of loopback. */
export interface Harness extends AsyncDisposable {
  readonly port: number;
  readonly proxy: Proxy;
  readonly telemetry: RecordedTelemetry;
  readonly log: AccessLogEntry[];
  /** What the proxy complained of as a defect of its own. */
  readonly defects: string[];
  configure(options: HarnessOptions): void;
  /** Waits until the proxy works on something. */
  busy(): Promise<void>;
  /** Waits until the proxy holds no connection of a client and works on nothing; fails if that never comes. */
  quiet(): Promise<void>;
}

export async function startHarness(options: HarnessOptions): Promise<Harness> {
  const wheel = new TimerWheel(systemClock);
  const telemetry = new RecordedTelemetry();
  const log: AccessLogEntry[] = [];
  const defects: string[] = [];
  const proxy = new Proxy({
    limits: { ...DEFAULT_PROXY_LIMITS, ...options.limits },
    now: systemClock.now,
    random: options.random ?? Math.random,
    wheel,
    telemetry: options.telemetry ?? telemetry,
    accessLog: (entry) => {
      log.push(entry);
      options.onLogged?.(entry);
    },
    memoryPercent: options.memoryPercent,
    learner: options.learner,
    staleForMs: options.staleForMs,
    log: {
      info: () => undefined,
      warn: () => undefined,
      error: (message, fields) => defects.push(`${message} ${JSON.stringify(fields)}`),
    },
  });
  const configure = (next: HarnessOptions): void => {
    proxy.apply({
      frontends: new Map([["10.96.0.1:80", { frontend: frontendOf(next), version: JSON.stringify(next) }]]),
      backends: new Map(backendsOf(next).map((backend) => [backend.name, backend])),
      locality: {},
    });
  };
  configure(options);
  const take = (accepted: AcceptedSocket): void => {
    const { address, port } = frontendOf(options);
    proxy.accept(accepted, { address, port }, options.canPassThrough ?? false);
  };
  const listener = await listenForWires({ host: "127.0.0.1", port: 0 }, take, (error) =>
    proxy.reportDefect(error),
  );
  const quiet = async (): Promise<void> => {
    await eventually("the proxy to be quiet", () => {
      const { connections, busy } = proxy.activity;
      return connections === 0 && busy === 0
        ? undefined
        : `${connections} connections of clients, ${busy} under way`;
    });
    assert.equal(telemetry.count("open"), 0, "connections_open");
  };
  const busy = (): Promise<void> =>
    eventually("the proxy to be busy", () => (proxy.activity.busy > 0 ? undefined : "it is not"));
  return {
    port: listener.port,
    busy,
    proxy,
    telemetry,
    log,
    defects,
    configure,
    quiet,
    [Symbol.asyncDispose]: async () => {
      try {
        await listener[Symbol.asyncDispose]();
        await quiet();
        for (const backend of proxy.configuration.backends()) backend.retire();
        await eventually("upstream connections to close", () => {
          const open = telemetry.count("upstreamOpen");
          return open === 0 ? undefined : `${open} connections to endpoints`;
        });
        assert.deepEqual(defects, []);
      } finally {
        wheel.stop();
      }
    },
  };
}

const PATIENCE_MS = 5_000;

/** Lets the event loop turn until `problem` finds none. */
export async function eventually(what: string, problem: () => string | undefined): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  for (let found = problem(); found !== undefined; found = problem()) {
    if (performance.now() > until) assert.fail(`waited for ${what}: ${found}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export function frontendOf({ frontend, rules }: Pick<HarnessOptions, "frontend" | "rules">): Frontend {
  return {
    name: "10.96.0.1:80",
    address: SERVICE.address,
    port: SERVICE.port,
    service: { namespace: "app", name: "web" },
    protocol: "http",
    backend: "app/web:80",
    ...(rules === undefined
      ? {}
      : {
          routes: {
            kind: "HTTPRoute",
            scope: { kind: "producer" },
            routes: [{ namespace: "app", name: "route", rules: rules.map(ruleOf) }],
          },
        }),
    ...frontend,
  };
}

function ruleOf(rule: Partial<BoundRule>, index: number): BoundRule {
  return {
    index,
    matches: [{ path: { kind: "PathPrefix", value: "/" }, headers: [], queryParams: [] }],
    filters: [],
    backends: [{ target: { kind: "Backend", name: "app/web:80" }, weight: 1, filters: [] }],
    timeouts: {},
    ...rule,
  };
}

export function backendsOf({
  backends,
  backendFields,
}: Pick<HarnessOptions, "backends" | "backendFields">): Backend[] {
  return Object.entries(backends ?? {}).map(([name, ports]) => {
    const [, namespace = "", service = "", port = ""] = /^(.*)\/(.*):(.*)$/.exec(name) ?? [];
    return {
      name,
      namespace,
      service,
      port: Number(port),
      clusterIPs: [SERVICE.address],
      protocol: "undeclared",
      endpoints: ports.map(endpointAt),
      internalTrafficPolicy: "Cluster",
      sessionAffinity: { kind: "None" },
      ...backendFields,
    };
  });
}

export function endpointAt(port: number): Endpoint {
  return {
    address: "127.0.0.1",
    port,
    family: 4,
    isReady: true,
    isServing: true,
    isTerminating: false,
    hintZones: [],
    hintNodes: [],
  };
}

/** Telemetry that can be asked what was counted. */
export class RecordedTelemetry implements ProxyTelemetry {
  readonly counts = new Map<string, number>();

  /** The sum of all counters whose key holds every one of `parts`. */
  count(...parts: readonly (string | number)[]): number {
    let sum = 0;
    for (const [key, value] of this.counts) {
      if (parts.every((part) => key.split(" ").includes(String(part)))) sum += value;
    }
    return sum;
  }

  #counter(...parts: readonly unknown[]) {
    const key = parts
      .flatMap((part): unknown[] =>
        typeof part === "object" && part !== null ? Object.values(part) : [part],
      )
      .join(" ");
    return {
      add: (amount: number): void => {
        this.counts.set(key, (this.counts.get(key) ?? 0) + amount);
      },
    };
  }

  requests: ProxyTelemetry["requests"] = (...labels) => ({
    record: (code) => {
      this.#counter("requests", ...labels, code).add(1);
    },
  });

  failures: ProxyTelemetry["failures"] = (...labels) => this.#counter("failures", ...labels);
  resends: ProxyTelemetry["resends"] = (...labels) => this.#counter("resends", ...labels);
  mirrored: ProxyTelemetry["mirrored"] = (...labels) => this.#counter("mirrored", ...labels);
  connections: ProxyTelemetry["connections"] = (...labels) => this.#counter("connections", ...labels);
  connectionsOpen: ProxyTelemetry["connectionsOpen"] = (...labels) => this.#counter("open", ...labels);
  passthrough: ProxyTelemetry["passthrough"] = (...labels) => this.#counter("passthrough", ...labels);
  bytes: ProxyTelemetry["bytes"] = (...labels) => this.#counter("bytes", ...labels);
  upstreamConnectionsOpen: ProxyTelemetry["upstreamConnectionsOpen"] = (...labels) =>
    this.#counter("upstreamOpen", ...labels);
  upstreamConnectFailures: ProxyTelemetry["upstreamConnectFailures"] = (...labels) =>
    this.#counter("connectFailures", ...labels);
}

/** A TCP server that does what a test says with each connection. */
export interface RawServer extends AsyncDisposable {
  readonly port: number;
  readonly sockets: net.Socket[];
}

export async function startRawServer(
  onConnection: (socket: net.Socket, index: number) => void,
): Promise<RawServer> {
  const sockets: net.Socket[] = [];
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    sockets.push(socket);
    onConnection(socket, sockets.length - 1);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as net.AddressInfo).port,
    sockets,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A backend that answers every request head it sees with the same bytes. */
export function answering(response: string): (socket: net.Socket) => void {
  return (socket) => {
    let pending = "";
    socket.on("data", (chunk) => {
      pending += chunk.toString("latin1");
      for (let end = pending.indexOf("\r\n\r\n"); end >= 0; end = pending.indexOf("\r\n\r\n")) {
        pending = pending.slice(end + 4);
        socket.write(response, "latin1");
      }
    });
    socket.on("end", () => socket.end());
  };
}

/** A client's connection that collects what it is sent. */
export class RawClient implements AsyncDisposable {
  readonly socket: net.Socket;
  received = "";
  /** `end`: FIN came. An errno code: the connection broke. */
  closedBy: string | undefined;
  readonly #watchers = new Set<() => void>();

  constructor(port: number) {
    this.socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    this.socket.on("data", (chunk) => {
      this.received += chunk.toString("latin1");
      this.#changed();
    });
    this.socket.on("end", () => {
      this.closedBy ??= "end";
      this.#changed();
    });
    this.socket.on("error", (error: NodeJS.ErrnoException) => {
      this.closedBy ??= error.code ?? "error";
      this.#changed();
    });
    this.socket.on("close", () => {
      this.closedBy ??= "close";
      this.#changed();
    });
  }

  send(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Waits for one more response to a request of this method, and takes it off what was received. */
  async response(method = "GET"): Promise<ReadResponse> {
    const reader = new ResponseReader();
    reader.due.push(method);
    for (;;) {
      reader.push(this.received);
      this.received = "";
      if (reader.responses.length === 0 && this.closedBy === "end") reader.end();
      const [response] = reader.responses;
      if (response !== undefined) {
        this.received = reader.rest;
        return response;
      }
      if (this.closedBy !== undefined)
        throw new Error(`${this.closedBy} instead of a response; received ${JSON.stringify(reader.rest)}`);
      await this.#change();
    }
  }

  /** Waits until what was received fulfils `isEnough`, or the connection is over. */
  async until(isEnough: (received: string) => boolean): Promise<string> {
    while (!isEnough(this.received) && this.closedBy === undefined) await this.#change();
    return this.received;
  }

  /** Waits for the end of the connection. */
  async closed(): Promise<string> {
    while (this.closedBy === undefined) await this.#change();
    return this.received;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const watcher = (): void => {
        this.#watchers.delete(watcher);
        resolve();
      };
      this.#watchers.add(watcher);
    });
  }

  #changed(): void {
    const watchers = Array.from(this.#watchers);
    for (const watcher of watchers) watcher();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    return Promise.resolve();
  }
}

/** A port of loopback on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = await startRawServer(() => undefined);
  await server[Symbol.asyncDispose]();
  return server.port;
}
