import { type AdminPorts, adminEndpoints, metricsEndpoints } from "../admin/endpoints.ts";
import { systemClock } from "../platform/clock.ts";
import { loadMallocTrim } from "../platform/malloc-trim.ts";
import { createMemoryGauge } from "../platform/memory-use.ts";
import { openFilesLimit } from "../platform/open-files.ts";
import { createSystemRandom } from "../platform/random.ts";
import { Proxy, type ProxyOptions } from "../proxy/proxy.ts";
import { TimerWheel } from "../proxy/timer-wheel.ts";
import type { LineBuffer } from "../telemetry/line-buffer.ts";
import type { Logger } from "../telemetry/logger.ts";
import { MetricRegistry } from "../telemetry/metric-registry.ts";
import { createProxyMetrics, type ProxyMetrics } from "../telemetry/proxy-metrics.ts";
import { keepExpiringSeries, metricsOf, startAdminServers } from "./admin-servers.ts";
import { type Capture, startCapture } from "./capture.ts";
import { connectionsWithin } from "./connection-limit.ts";
import { keepReturningMemory } from "./memory-return.ts";
import type { ProxySettings } from "./proxy-settings.ts";
import { collectEndpoints, createAccessLog, createProxyTelemetry } from "./proxy-telemetry.ts";

/** Where lines go: the log to standard error, the access log to standard output. */
export interface Output {
  readonly logger: Logger;
  readonly accessLines: LineBuffer;
}

/** A proxy that a command runs until it has drained. */
export interface DrainableProxy extends AsyncDisposable {
  /** True once nothing was under way for a while after `drain`, false when the limit was over before. */
  readonly drained: Promise<boolean>;
  /** Returns once it serves. @throws an Error whose message says why it can't */
  start(): Promise<void>;
  drain(): void;
}

/** What whoever has the configuration tells at the admin address. */
export type ConfigurationPorts = Pick<AdminPorts, "config" | "explain">;

/** The parts of a running proxy that are the same wherever its configuration comes from, wired together. */
export class RunningProxy implements AsyncDisposable {
  readonly drained: Promise<boolean>;
  readonly proxy: Proxy;
  readonly registry = new MetricRegistry();
  readonly metrics: ProxyMetrics;
  /** What ends with it, last begun first ended. */
  readonly resources = new AsyncDisposableStack();
  isReady = false;
  readonly #settings: ProxySettings;
  readonly #logger: Logger;
  readonly #wheel = new TimerWheel(systemClock);
  readonly #onDrained: (isDrained: boolean) => void;
  #isDraining = false;

  constructor(
    settings: ProxySettings,
    { logger, accessLines }: Output,
    source: Pick<ProxyOptions, "learner" | "staleForMs"> = {},
  ) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.drained = promise;
    this.#onDrained = resolve;
    this.#settings = settings;
    this.#logger = logger;
    this.metrics = createProxyMetrics(this.registry);
    this.metrics.accessLogDropped.collectFrom(() => [[{}, accessLines.dropped]]);
    const { now, wallTime } = systemClock;
    this.proxy = new Proxy({
      ...source,
      limits: { ...settings.limits, maxConnections: this.#maxConnections() },
      now,
      random: createSystemRandom(),
      wheel: this.#wheel,
      telemetry: createProxyTelemetry(this.metrics),
      accessLog:
        settings.accessLog === "off"
          ? undefined
          : createAccessLog((line) => accessLines.write(line), wallTime),
      log: logger,
      memoryPercent: createMemoryGauge(),
    });
    collectEndpoints(this.metrics, this.proxy, now);
  }

  /** As configured, or fewer so that the process does not run out of file descriptors. */
  #maxConnections(): number {
    const { maxConnections } = this.#settings.limits;
    const openFiles = openFilesLimit();
    const possible = openFiles === undefined ? maxConnections : connectionsWithin(openFiles);
    if (possible >= maxConnections) return maxConnections;
    this.#logger.info("fewer connections than configured, by the limit on open files", {
      open_files: openFiles,
      max_connections: possible,
    });
    return possible;
  }

  /** Opens the admin endpoints, then takes connections as the settings say. */
  async open(ports: ConfigurationPorts): Promise<Capture> {
    const { resources } = this;
    resources.defer(() => this.#wheel.stop());
    resources.defer(keepExpiringSeries(this.registry));
    const trim = loadMallocTrim();
    if (trim !== undefined) {
      const rss = (): number => process.memoryUsage.rss();
      resources.defer(keepReturningMemory({ trim, rss, clock: systemClock }));
    }
    const adminPorts: AdminPorts = {
      ...ports,
      drain: () => this.drain(),
      metrics: metricsOf(this.registry),
      readiness: () => {
        if (this.#isDraining) return { isReady: false, reason: "draining" };
        return this.isReady ? { isReady: true, reason: "ready" } : { isReady: false, reason: "starting" };
      },
    };
    const { admin, metrics } = this.#settings;
    const served = [{ flag: "--admin", address: admin, routes: adminEndpoints(adminPorts) }];
    if (metrics !== undefined) {
      served.push({ flag: "--metrics", address: metrics, routes: metricsEndpoints(adminPorts) });
    }
    resources.use(await startAdminServers(served, this.#logger));
    return resources.use(await startCapture(this.proxy, this.#settings.capture, this.#logger));
  }

  /** Stops taking part, once nothing is under way any more; how that went is for `drained` to say. */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    const { drainTimeoutMs } = this.#settings;
    this.#logger.info("draining", { limit_ms: drainTimeoutMs });
    void this.proxy.drain(drainTimeoutMs).then((isDrained) => {
      const { busy } = this.proxy.activity;
      if (isDrained) this.#logger.info("drained");
      else this.#logger.warn("the drain limit is over", { under_way: busy });
      this.#onDrained(isDrained);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resources[Symbol.asyncDispose]();
  }
}
