import type { ExplainAnswer } from "../admin/endpoints.ts";
import type { Locality } from "../balancing/candidates.ts";
import type { Binding, BindingProblem } from "../binding/bind.ts";
import { changesBetween } from "../binding/changes-between.ts";
import { IncrementalBinding } from "../binding/incremental-binding.ts";
import type { ManifestSnapshot, SourceError } from "../manifests/manifest-snapshot.ts";
import { startManifestSource } from "../manifests/manifest-source.ts";
import { systemClock } from "../platform/clock.ts";
import type { ListenError } from "../proxy/capture/listen.ts";
import type { Capture } from "./capture.ts";
import type { StandaloneSettings } from "./proxy-settings.ts";
import { runInTurns } from "./run-in-turns.ts";
import { type DrainableProxy, type Output, RunningProxy } from "./running-proxy.ts";
import { ClientConfiguration, contentVersion, destinationsOf } from "./standalone-configuration.ts";

/** How long after an address could not be bound it is tried again. */
const RELISTEN_MS = 1_000;

/** A proxy without a cluster: its configuration comes from a folder of manifests. */
export class StandaloneProxy implements DrainableProxy {
  readonly #settings: StandaloneSettings;
  readonly #logger: Output["logger"];
  readonly #running: RunningProxy;
  readonly #configuration: ClientConfiguration;
  #capture: Capture | undefined;
  /** What is to be put into force next. */
  #waiting: ManifestSnapshot | undefined;
  #changing: Promise<void> | undefined;
  #snapshot: ManifestSnapshot = { objects: [], errors: [] };
  readonly #incremental: IncrementalBinding;
  #binding: Binding;
  #listenErrors: readonly ListenError[] = [];
  #relisten: { stop(): void } | undefined;

  constructor(settings: StandaloneSettings, output: Output) {
    this.#settings = settings;
    this.#logger = output.logger;
    this.#incremental = new IncrementalBinding({ strictGrants: settings.hasStrictGrants });
    this.#binding = this.#incremental.toBinding();
    this.#configuration = new ClientConfiguration(settings.client.namespace, this.#locality);
    this.#running = new RunningProxy(settings, output);
  }

  get drained(): Promise<boolean> {
    return this.#running.drained;
  }

  /** Returns once the folder was read and what it says is served. */
  async start(): Promise<void> {
    const { resources } = this.#running;
    resources.defer(() => this.#relisten?.stop());
    this.#capture = await this.#running.open({
      config: () => this.#describe(),
      explain: (query) => this.#explain(query),
    });
    resources.use(
      await startManifestSource({
        directory: this.#settings.manifests,
        onSnapshot: (snapshot) => {
          this.#waiting = snapshot;
          this.#change();
        },
        clock: systemClock,
      }),
    );
    await this.#changing;
    this.#running.isReady = true;
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
    await runInTurns(this.#running.proxy.configuration.applyInSteps(configuration), now);
    this.#snapshot = snapshot;
    this.#binding = binding;
    const isWhole = snapshot.errors.length + binding.problems.length === 0;
    this.#running.metrics.sourceReloads.with({ result: isWhole ? "success" : "partial" }).add(1);
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
    this.#relisten?.stop();
    const errors =
      (await this.#capture?.update(destinationsOf(this.#running.proxy.configuration.frontends()))) ?? [];
    for (const { message } of newOnes(errors, this.#listenErrors)) {
      this.#logger.error("a Service can't be served", { error: message });
    }
    this.#listenErrors = errors;
    const wrong = this.#snapshot.errors.length + this.#binding.problems.length + errors.length;
    this.#running.metrics.sourceErrors.with({}).set(wrong);
    if (errors.length > 0) this.#relisten = systemClock.startTimer(() => this.#change(), RELISTEN_MS);
  }

  get #locality(): Locality {
    const { zone, node } = this.#settings.client;
    return { ...(zone !== undefined && { zone }), ...(node !== undefined && { node }) };
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
      frontends: this.#running.proxy.configuration
        .frontends()
        .map(({ frontend, version }) => ({ version, ...frontend })),
      backends: [...this.#running.proxy.configuration.backends()].map(({ backend }) => ({
        version: contentVersion(backend),
        ...backend,
      })),
    };
  }

  drain(): void {
    this.#running.drain();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
  }
}

/** Those that were not there before, by their content. */
function newOnes<T>(items: readonly T[], before: readonly T[]): readonly T[] {
  const known = new Set(before.map((item) => JSON.stringify(item)));
  return items.filter((item) => !known.has(JSON.stringify(item)));
}
