import { once } from "node:events";
import net from "node:net";
import type { Backend } from "../binding/backend.ts";
import type { Frontend } from "../binding/frontend.ts";
import type { DeltaRequest, DiscoveryTransport, StreamListener } from "../discovery/client/client-ports.ts";
import { DiscoveryClient } from "../discovery/client/discovery-client.ts";
import { encodeBackend } from "../discovery/encoding/encode-backend.ts";
import { encodeFrontend } from "../discovery/encoding/encode-frontend.ts";
import { systemClock } from "../platform/clock.ts";
import { destinationName } from "../proxy/configuration.ts";
import { Proxy } from "../proxy/proxy.ts";
import { TimerWheel } from "../proxy/timer-wheel.ts";
import { listenForWires } from "../proxy/wire.ts";
import { MetricRegistry } from "../telemetry/metric-registry.ts";
import { createProxyMetrics } from "../telemetry/proxy-metrics.ts";
import { codec } from "./controlled-codec.ts";
import { DestinationLearning } from "./destination-learning.ts";
import { LearnedConfiguration } from "./learned-configuration.ts";
import type { ControlledSettings } from "./proxy-settings.ts";
import { createProxyTelemetry } from "./proxy-telemetry.ts";
import { TurnScheduler } from "./turn-scheduler.ts";

const LOOPBACK = "127.0.0.1";
const REQUEST = "GET / HTTP/1.1\r\nHost: warm-up\r\n\r\n";
const RESPONSE = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/** One learns the destination, the next one finds it, and takes the connection of the first. */
const REQUESTS = 3;
const PATIENCE_MS = 2_000;
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * Sends some requests over loopback through a proxy that is like the real one and shares nothing with it but the code.
 * V8 compiles a function when it is first called: the application's first request would wait 10 ms for that.
 * @throws an Error where it does not come about; nothing depends on it
 */
export async function warmUp({ limits }: Pick<ControlledSettings, "limits">): Promise<void> {
  await using resources = new AsyncDisposableStack();
  const endpoint = net.createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", () => socket.write(RESPONSE));
  });
  endpoint.listen(0, LOOPBACK);
  resources.defer(() => void endpoint.close());
  await once(endpoint, "listening");
  const { now } = systemClock;
  const wheel = new TimerWheel(systemClock);
  resources.defer(() => wheel.stop());
  const learner = new DestinationLearning({ client: () => client, now, onSettled: () => undefined });
  const metrics = createProxyMetrics(new MetricRegistry());
  const proxy = new Proxy({
    limits,
    now,
    random: Math.random,
    wheel,
    telemetry: createProxyTelemetry(metrics),
    accessLog: undefined,
    log: SILENT,
    learner,
  });
  const destination = { address: "0.0.0.0", port: 80 };
  const client = new DiscoveryClient({
    clock: systemClock,
    random: Math.random,
    log: SILENT,
    sink: new LearnedConfiguration({
      configuration: proxy.configuration,
      turns: new TurnScheduler(now),
      place: { node: undefined, zone: undefined },
    }),
    codec,
    transport: new AnsweringTransport(destination, (endpoint.address() as net.AddressInfo).port),
    snapshots: undefined,
  });
  client.start();
  resources.defer(() => client.stop());
  const listener = resources.use(
    await listenForWires(
      { host: LOOPBACK, port: 0 },
      (accepted) => proxy.accept(accepted, destination, true),
      () => undefined,
    ),
  );
  for (let n = 0; n < REQUESTS; n++) await ask(listener.port);
  for (const backend of proxy.configuration.backends()) backend.retire();
}

async function ask(port: number): Promise<void> {
  const socket = net.connect(port, LOOPBACK);
  socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error("no answer")));
  socket.write(REQUEST);
  await once(socket, "data");
  socket.destroy();
}

/** A controller that knows one Service. */
class AnsweringTransport implements DiscoveryTransport {
  readonly #bytes: Readonly<Record<string, { readonly name: string; readonly bytes: Uint8Array }>>;

  constructor(destination: { readonly address: string; readonly port: number }, endpointPort: number) {
    const [frontend, backend] = serviceAt(destination, endpointPort);
    this.#bytes = {
      Frontend: { name: frontend.name, bytes: encodeFrontend(frontend) },
      Backend: { name: backend.name, bytes: encodeBackend(backend) },
    };
  }

  resolve(): Promise<readonly string[]> {
    return Promise.resolve([LOOPBACK]);
  }

  open(_address: string, listener: StreamListener) {
    queueMicrotask(() => listener.onOpen());
    return {
      send: ({ type, subscribe }: DeltaRequest): boolean => {
        const content = this.#bytes[type];
        if (content === undefined || !subscribe.includes(content.name)) return true;
        const resources = [{ ...content, version: "1" }];
        queueMicrotask(() => listener.onResponse({ type, nonce: "1", resources, removed: [] }));
        return true;
      },
      close: () => undefined,
    };
  }
}

function serviceAt(
  destination: { readonly address: string; readonly port: number },
  endpointPort: number,
): readonly [Frontend, Backend] {
  const service = { namespace: "warm", name: "up" };
  const backend = `${service.namespace}/${service.name}:${destination.port}`;
  const rule = {
    index: 0,
    matches: [{ path: { kind: "PathPrefix", value: "/" }, headers: [], queryParams: [] }],
    filters: [],
    backends: [{ target: { kind: "Backend", name: backend }, weight: 1, filters: [] }],
    timeouts: {},
  } as const;
  const endpoint = {
    address: LOOPBACK,
    port: endpointPort,
    family: 4,
    isReady: true,
    isServing: true,
    isTerminating: false,
    hintZones: [],
    hintNodes: [],
  } as const;
  return [
    {
      name: destinationName(destination),
      ...destination,
      service,
      protocol: "http",
      backend,
      routes: { kind: "HTTPRoute", scope: { kind: "producer" }, routes: [{ ...service, rules: [rule] }] },
    },
    {
      name: backend,
      namespace: service.namespace,
      service: service.name,
      port: destination.port,
      clusterIPs: [destination.address],
      protocol: "http",
      endpoints: [endpoint],
      internalTrafficPolicy: "Cluster",
      sessionAffinity: { kind: "None" },
    },
  ];
}
