import type { AdminPorts, ExplainAnswer } from "../admin/endpoints.ts";
import type { Locality } from "../balancing/candidates.ts";
import { type Binding, bind } from "../binding/bind.ts";
import type { ManifestSnapshot, SourceError } from "../manifests/manifest-snapshot.ts";
import { startManifestSource } from "../manifests/manifest-source.ts";
import { systemClock } from "../platform/clock.ts";
import { descriptorSink } from "../platform/descriptor-sink.ts";
import { createSystemRandom } from "../platform/random.ts";
import { onTermination } from "../platform/signals.ts";
import type { ListenError } from "../proxy/capture/listen.ts";
import { reportDefect } from "../proxy/defect.ts";
import { Proxy } from "../proxy/proxy.ts";
import { TimerWheel } from "../proxy/timer-wheel.ts";
import { LineBuffer } from "../telemetry/line-buffer.ts";
import { Logger } from "../telemetry/logger.ts";
import { MetricRegistry } from "../telemetry/metric-registry.ts";
import { createProxyMetrics, type ProxyMetrics } from "../telemetry/proxy-metrics.ts";
import { type Capture, startCapture } from "./capture.ts";
import type { CommandContext, ExitCode } from "./command.ts";
import type { ProxySettings } from "./proxy-settings.ts";
import { collectEndpoints, createAccessLog, createProxyTelemetry } from "./proxy-telemetry.ts";
import { metricsOf, startAdminEndpoints } from "./standalone-admin.ts";
import { configurationFor, contentVersion, destinationsOf } from "./standalone-configuration.ts";

/** How often series that nobody writes any more are looked for. */
const SERIES_SWEEP_MS = 60_000;

/** How long after an address could not be bound it is tried again. */
const RELISTEN_MS = 1_000;

/** Runs the proxy on a folder of manifests until it is told to stop. */
export async function runStandalone(settings: ProxySettings, context: CommandContext): Promise<ExitCode> {
  const output = createOutput(context);
  const stopped = Promise.withResolvers<ExitCode>();
  try {
    await using standalone = new Standalone(settings, output);
    const drain = (): void => {
      void standalone.drain().then((isDrained) => stopped.resolve(isDrained ? 0 : 1), stopped.reject);
    };
    using _ = onTermination(drain, () => stopped.resolve(1));
    await standalone.start();
    return await stopped.promise;
  } catch (error) {
    output.logger.error("the proxy can't run", { error: messageOf(error) });
    return 1;
  } finally {
    await Promise.all([output.logLines.drained(), output.accessLines.drained()]);
  }
}

/** Where lines go: the log to standard error, the access log to standard output. */
interface Output {
  readonly logger: Logger;
  readonly logLines: LineBuffer;
  readonly accessLines: LineBuffer;
}

function createOutput({ log }: CommandContext): Output {
  const logLines = new LineBuffer(descriptorSink(2));
  const accessLines = new LineBuffer(descriptorSink(1));
  const logger = new Logger({ ...log, write: (line) => logLines.write(line), now: systemClock.wallTime });
  return { logger, logLines, accessLines };
}

/** The parts of a proxy without a cluster, wired together. */
class Standalone implements AsyncDisposable {
  readonly #settings: ProxySettings;
  readonly #logger: Logger;
  readonly #registry = new MetricRegistry();
  readonly #metrics: ProxyMetrics;
  readonly #wheel = new TimerWheel({
    now: systemClock.now,
    startTimer,
    onDefect: (error) => reportDefect(this.#logger, error),
  });
  readonly #proxy: Proxy;
  readonly #resources = new AsyncDisposableStack();
  #capture: Capture | undefined;
  #snapshot: ManifestSnapshot = { objects: [], errors: [] };
  #binding: Binding | undefined;
  #listenErrors: readonly ListenError[] = [];
  #isReady = false;
  /** The last change of what is listened on. */
  #listening: Promise<void> = Promise.resolve();
  #relisten: (() => void) | undefined;
  #draining: Promise<boolean> | undefined;

  constructor(settings: ProxySettings, { logger, accessLines }: Output) {
    this.#settings = settings;
    this.#logger = logger;
    this.#metrics = createProxyMetrics(this.#registry);
    this.#metrics.accessLogDropped.collectFrom(() => [[{}, accessLines.dropped]]);
    this.#proxy = new Proxy({
      limits: settings.limits,
      now: systemClock.now,
      random: createSystemRandom(),
      wheel: this.#wheel,
      telemetry: createProxyTelemetry(this.#metrics),
      accessLog:
        settings.accessLog === "off"
          ? undefined
          : createAccessLog((line) => accessLines.write(line), systemClock.wallTime),
      log: logger,
    });
    collectEndpoints(this.#metrics, this.#proxy, systemClock.now);
  }

  /** Returns once the folder was read and what it says is served. */
  async start(): Promise<void> {
    this.#resources.defer(() => this.#wheel.stop());
    const sweep = setInterval(() => this.#registry.expireIdle(systemClock.now()), SERIES_SWEEP_MS);
    this.#resources.defer(() => clearInterval(sweep));
    this.#resources.defer(() => this.#relisten?.());
    this.#resources.use(await startAdminEndpoints(this.#settings, this.#adminPorts, this.#logger));
    this.#capture = this.#resources.use(
      await startCapture(this.#proxy, this.#settings.capture, this.#logger),
    );
    const source = await startManifestSource({
      directory: this.#settings.manifests,
      onSnapshot: (snapshot) => this.#apply(snapshot),
      clock: { schedule, wallTimeMs: systemClock.wallTime },
    });
    this.#resources.use(source);
    await this.#listening;
    this.#isReady = true;
    this.#logger.info("serving", {
      services: this.#binding?.frontends.size ?? 0,
      routes: this.#binding?.statuses.length ?? 0,
      errors: this.#snapshot.errors.length,
    });
  }

  #apply(snapshot: ManifestSnapshot): void {
    const { client, hasStrictGrants } = this.#settings;
    const binding = bind(snapshot.objects, { strictGrants: hasStrictGrants });
    this.#snapshot = snapshot;
    this.#binding = binding;
    this.#proxy.apply(configurationFor(binding, client.namespace, this.#locality));
    this.#reportErrors(snapshot.errors);
    this.#listening = this.#listen();
  }

  get #locality(): Locality {
    const { zone, node } = this.#settings.client;
    return { ...(zone !== undefined && { zone }), ...(node !== undefined && { node }) };
  }

  /** Listens on what the configuration in force says; tries again later where an address can't be bound. */
  async #listen(): Promise<void> {
    this.#relisten?.();
    const errors = (await this.#capture?.update(destinationsOf(this.#proxy.frontends()))) ?? [];
    for (const { message } of errors) {
      if (this.#listenErrors.some((known) => known.message === message)) continue;
      this.#logger.error("a Service can't be served", { error: message });
    }
    this.#listenErrors = errors;
    this.#metrics.sourceErrors.with({}).set(this.#snapshot.errors.length + errors.length);
    if (errors.length === 0) return;
    this.#relisten = schedule(RELISTEN_MS, () => {
      this.#listening = this.#listen();
    });
  }

  #reportErrors(errors: readonly SourceError[]): void {
    const result = errors.length === 0 ? "success" : "partial";
    this.#metrics.sourceReloads.with({ result }).add(1);
    for (const { file, object, path, message } of errors) {
      this.#logger.warn("a manifest is not in force as written", { file, object, path, error: message });
    }
  }

  get #adminPorts(): AdminPorts {
    return {
      config: () => this.#describe(),
      explain: (query) => this.#explain(query),
      drain: () => void this.drain(),
      metrics: metricsOf(this.#registry),
      readiness: () => {
        if (this.#proxy.activity.isDraining) return { isReady: false, reason: "draining" };
        return this.#isReady ? { isReady: true, reason: "ready" } : { isReady: false, reason: "starting" };
      },
    };
  }

  /** Loaded when it is asked for: most proxies never are. */
  async #explain(query: URLSearchParams): Promise<ExplainAnswer> {
    const { answerExplainQuery } = await import("./explain/explain-query.ts");
    const { describeSourceError } = await import("./explain/source-problem.ts");
    const mesh = {
      binding: this.#binding ?? bind([], { strictGrants: false }),
      locality: this.#locality,
      sourceProblems: this.#snapshot.errors.map(describeSourceError),
    };
    const { namespace } = this.#settings.client;
    return await answerExplainQuery(mesh, query, { namespace, now: systemClock.now });
  }

  /** What is in force, and what is wrong with it. */
  #describe(): unknown {
    const { manifests, client } = this.#settings;
    return {
      client,
      sources: [{ kind: "manifests", directory: manifests, errors: this.#snapshot.errors }],
      listenErrors: this.#listenErrors,
      problems: this.#binding?.problems ?? [],
      routes: this.#binding?.statuses ?? [],
      frontends: this.#proxy.frontends().map(({ frontend, version }) => ({ version, ...frontend })),
      backends: [...this.#proxy.backends()].map(({ backend }) => ({
        version: contentVersion(backend),
        ...backend,
      })),
    };
  }

  /** Stops taking part: true once nothing was under way for a while, false when the limit was over before. */
  drain(): Promise<boolean> {
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  async #drain(): Promise<boolean> {
    const { drainTimeoutMs } = this.#settings;
    this.#logger.info("draining", { limit_ms: drainTimeoutMs });
    const isDrained = await this.#proxy.drain(drainTimeoutMs);
    const { busy } = this.#proxy.activity;
    if (isDrained) this.#logger.info("drained");
    else this.#logger.warn("the drain limit is over", { under_way: busy });
    return isDrained;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources[Symbol.asyncDispose]();
  }
}

function startTimer(callback: () => void, delayMs: number): { stop(): void } {
  const timer = setTimeout(callback, delayMs);
  return { stop: () => clearTimeout(timer) };
}

function schedule(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
