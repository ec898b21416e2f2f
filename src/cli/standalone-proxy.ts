import type { AdminPorts, ExplainAnswer } from "../admin/endpoints.ts";
import type { Locality } from "../balancing/candidates.ts";
import type { Binding, BindingProblem } from "../binding/bind.ts";
import { changesBetween } from "../binding/changes-between.ts";
import { IncrementalBinding } from "../binding/incremental-binding.ts";
import type { ManifestSnapshot, SourceError } from "../manifests/manifest-snapshot.ts";
import { startManifestSource } from "../manifests/manifest-source.ts";
import { systemClock } from "../platform/clock.ts";
import { createMemoryGauge } from "../platform/memory-use.ts";
import { openFilesLimit } from "../platform/open-files.ts";
import { createSystemRandom } from "../platform/random.ts";
import type { ListenError } from "../proxy/capture/listen.ts";
import { Proxy } from "../proxy/proxy.ts";
import { TimerWheel } from "../proxy/timer-wheel.ts";
import { MetricRegistry } from "../telemetry/metric-registry.ts";
import { createProxyMetrics, type ProxyMetrics } from "../telemetry/proxy-metrics.ts";
import { type Capture, startCapture } from "./capture.ts";
import { connectionsWithin } from "./connection-limit.ts";
import type { ProxySettings } from "./proxy-settings.ts";
import { collectEndpoints, createAccessLog, createProxyTelemetry } from "./proxy-telemetry.ts";
import { runInTurns } from "./run-in-turns.ts";
import type { Output } from "./standalone.ts";
import { metricsOf, startAdminEndpoints } from "./standalone-admin.ts";
import { ClientConfiguration, contentVersion, destinationsOf } from "./standalone-configuration.ts";

/** How often series that nobody writes any more are looked for. */
const SERIES_SWEEP_MS = 60_000;

/** How long after an address could not be bound it is tried again. */
const RELISTEN_MS = 1_000;

/** The parts of a proxy without a cluster, wired together. */
export class StandaloneProxy implements AsyncDisposable {
  /** True once nothing was under way for a while after `drain`, false when the limit was over before. */
  readonly drained: Promise<boolean>;
  readonly #settings: ProxySettings;
  readonly #logger: Output["logger"];
  readonly #registry = new MetricRegistry();
  readonly #metrics: ProxyMetrics;
  readonly #wheel = new TimerWheel({ now: systemClock.now, startTimer });
  readonly #proxy: Proxy;
  readonly #configuration: ClientConfiguration;
  readonly #resources = new AsyncDisposableStack();
  readonly #onDrained: (isDrained: boolean) => void;
  #capture: Capture | undefined;
  #isReady = false;
  #isDraining = false;
  /** What is to be put into force next. */
  #waiting: ManifestSnapshot | undefined;
  #changing: Promise<void> | undefined;
  #snapshot: ManifestSnapshot = { objects: [], errors: [] };
  readonly #incremental: IncrementalBinding;
  #binding: Binding;
  #listenErrors: readonly ListenError[] = [];
  #relisten: (() => void) | undefined;

  constructor(settings: ProxySettings, { logger, accessLines }: Output) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.drained = promise;
    this.#onDrained = resolve;
    this.#settings = settings;
    this.#logger = logger;
    this.#incremental = new IncrementalBinding({ strictGrants: settings.hasStrictGrants });
    this.#binding = this.#incremental.toBinding();
    this.#configuration = new ClientConfiguration(settings.client.namespace, this.#locality);
    this.#metrics = createProxyMetrics(this.#registry);
    this.#metrics.accessLogDropped.collectFrom(() => [[{}, accessLines.dropped]]);
    const { now, wallTime } = systemClock;
    this.#proxy = new Proxy({
      limits: { ...settings.limits, maxConnections: this.#maxConnections() },
      now,
      random: createSystemRandom(),
      wheel: this.#wheel,
      telemetry: createProxyTelemetry(this.#metrics),
      accessLog:
        settings.accessLog === "off"
          ? undefined
          : createAccessLog((line) => accessLines.write(line), wallTime),
      log: logger,
      memoryPercent: createMemoryGauge(),
    });
    collectEndpoints(this.#metrics, this.#proxy, now);
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

  /** Returns once the folder was read and what it says is served. */
  async start(): Promise<void> {
    const resources = this.#resources;
    resources.defer(() => this.#wheel.stop());
    const sweep = setInterval(() => this.#registry.expireIdle(systemClock.now()), SERIES_SWEEP_MS);
    resources.defer(() => clearInterval(sweep));
    resources.defer(() => this.#relisten?.());
    resources.use(await startAdminEndpoints(this.#settings, this.#adminPorts, this.#logger));
    this.#capture = resources.use(await startCapture(this.#proxy, this.#settings.capture, this.#logger));
    resources.use(
      await startManifestSource({
        directory: this.#settings.manifests,
        onSnapshot: (snapshot) => {
          this.#waiting = snapshot;
          this.#change();
        },
        clock: { schedule, wallTimeMs: systemClock.wallTime },
      }),
    );
    await this.#changing;
    this.#isReady = true;
    this.#logger.info("serving", {
      services: this.#binding.frontends.size,
      routes: this.#binding.statuses.length,
      errors: this.#snapshot.errors.length,
    });
  }

  /** One change at a time; of the snapshots that come meanwhile the last one counts. */
  #change(): void {
    this.#changing ??= this.#changeAll().finally(() => {
      this.#changing = undefined;
    });
  }

  async #changeAll(): Promise<void> {
    do {
      const snapshot = this.#waiting;
      this.#waiting = undefined;
      if (snapshot !== undefined) await this.#apply(snapshot);
      await this.#listen();
    } while (this.#waiting !== undefined);
  }

  /** Puts a snapshot into force, in turns between which traffic goes on under what is in force still. */
  async #apply(snapshot: ManifestSnapshot): Promise<void> {
    const { now } = systemClock;
    const before = { errors: this.#snapshot.errors, problems: this.#binding.problems };
    const changes = changesBetween(this.#snapshot.objects, snapshot.objects);
    await runInTurns(this.#incremental.applyInSteps(changes), now);
    const binding = this.#incremental.toBinding();
    const configuration = await runInTurns(this.#configuration.of(binding), now);
    await runInTurns(this.#proxy.configuration.applyInSteps(configuration), now);
    this.#snapshot = snapshot;
    this.#binding = binding;
    const isWhole = snapshot.errors.length + binding.problems.length === 0;
    this.#metrics.sourceReloads.with({ result: isWhole ? "success" : "partial" }).add(1);
    this.#reportErrors(snapshot.errors, before.errors);
    this.#reportProblems(binding.problems, before.problems);
  }

  #reportErrors(errors: readonly SourceError[], before: readonly SourceError[]): void {
    const { manifests: directory } = this.#settings;
    for (const { file, object, path, message } of newOnes(errors, before)) {
      const fields = { directory, file, object, path, error: message };
      this.#logger.warn("a manifest is not in force as written", fields);
    }
  }

  #reportProblems(problems: readonly BindingProblem[], before: readonly BindingProblem[]): void {
    for (const { object, message } of newOnes(problems, before)) {
      this.#logger.warn("an object is not in force as written", { object, error: message });
    }
  }

  /** Listens on what the configuration in force says; tries again later where an address can't be bound. */
  async #listen(): Promise<void> {
    this.#relisten?.();
    const errors = (await this.#capture?.update(destinationsOf(this.#proxy.configuration.frontends()))) ?? [];
    for (const { message } of newOnes(errors, this.#listenErrors)) {
      this.#logger.error("a Service can't be served", { error: message });
    }
    this.#listenErrors = errors;
    const wrong = this.#snapshot.errors.length + this.#binding.problems.length + errors.length;
    this.#metrics.sourceErrors.with({}).set(wrong);
    if (errors.length > 0) this.#relisten = schedule(RELISTEN_MS, () => this.#change());
  }

  get #locality(): Locality {
    const { zone, node } = this.#settings.client;
    return { ...(zone !== undefined && { zone }), ...(node !== undefined && { node }) };
  }

  get #adminPorts(): AdminPorts {
    return {
      config: () => this.#describe(),
      explain: (query) => this.#explain(query),
      drain: () => this.drain(),
      metrics: metricsOf(this.#registry),
      readiness: () => {
        if (this.#isDraining) return { isReady: false, reason: "draining" };
        return this.#isReady ? { isReady: true, reason: "ready" } : { isReady: false, reason: "starting" };
      },
    };
  }

  /** Loaded when it is asked for: most proxies never are. */
  async #explain(query: URLSearchParams): Promise<ExplainAnswer> {
    const { answerExplainQuery } = await import("./explain/explain-query.ts");
    const { describeSourceError } = await import("./explain/source-problem.ts");
    const mesh = {
      binding: this.#binding,
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
      problems: this.#binding.problems,
      routes: this.#binding.statuses,
      frontends: this.#proxy.configuration
        .frontends()
        .map(({ frontend, version }) => ({ version, ...frontend })),
      backends: [...this.#proxy.configuration.backends()].map(({ backend }) => ({
        version: contentVersion(backend),
        ...backend,
      })),
    };
  }

  /** Stops taking part, once nothing is under way any more; how that went is for `drained` to say. */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    const { drainTimeoutMs } = this.#settings;
    this.#logger.info("draining", { limit_ms: drainTimeoutMs });
    void this.#proxy.drain(drainTimeoutMs).then((isDrained) => {
      const { busy } = this.#proxy.activity;
      if (isDrained) this.#logger.info("drained");
      else this.#logger.warn("the drain limit is over", { under_way: busy });
      this.#onDrained(isDrained);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources[Symbol.asyncDispose]();
  }
}

/** Those that were not there before, by their content. */
function newOnes<T>(items: readonly T[], before: readonly T[]): readonly T[] {
  const known = new Set(before.map((item) => JSON.stringify(item)));
  return items.filter((item) => !known.has(JSON.stringify(item)));
}

function startTimer(callback: () => void, delayMs: number): { stop(): void } {
  const timer = setTimeout(callback, delayMs);
  return { stop: () => clearTimeout(timer) };
}

function schedule(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}
