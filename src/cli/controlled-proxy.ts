import { hostname } from "node:os";
import type { ExplainAnswer } from "../admin/endpoints.ts";
import type { DiscoveryTransport, SnapshotStore } from "../discovery/client/client-ports.ts";
import { DiscoveryClient } from "../discovery/client/discovery-client.ts";
import { SnapshotFile } from "../discovery/client/snapshot/snapshot-file.ts";
import { GrpcTransport } from "../discovery/client/transport/grpc-transport.ts";
import { systemClock } from "../platform/clock.ts";
import { createSystemRandom } from "../platform/random.ts";
import { createDiscoveryMetrics } from "../telemetry/discovery-metrics.ts";
import { ConfigurationAge } from "./configuration-age.ts";
import { codec } from "./controlled-codec.ts";
import { describeControlled } from "./controlled-config.ts";
import { DestinationLearning } from "./destination-learning.ts";
import { collectDiscovery, TimedSnapshotStore } from "./discovery-telemetry.ts";
import { LastCurrent } from "./last-current.ts";
import { LearnedConfiguration } from "./learned-configuration.ts";
import type { ControlledSettings } from "./proxy-settings.ts";
import { type DrainableProxy, type Output, RunningProxy } from "./running-proxy.ts";
import { TurnScheduler } from "./turn-scheduler.ts";
import { version } from "./version.ts";

/** How often destinations that nobody uses are looked for, at most. */
const IDLE_SWEEP_MS = 15_000;
/** How often it is kept on disk that what is known is current. */
const NOTE_CURRENT_MS = 30_000;

/** What a test can stand in for. */
export interface ControlledParts {
  readonly transport: DiscoveryTransport;
  readonly snapshots: SnapshotStore;
}

/** A proxy beside its application in a cluster: a controller tells it of the destinations that are dialled. */
export class ControlledProxy implements DrainableProxy {
  readonly #settings: ControlledSettings;
  readonly #logger: Output["logger"];
  readonly #running: RunningProxy;
  readonly #client: DiscoveryClient;
  readonly #age: ConfigurationAge;
  readonly #lastCurrent: LastCurrent;

  constructor(settings: ControlledSettings, output: Output, parts: ControlledParts = realParts(settings)) {
    const { now } = systemClock;
    this.#settings = settings;
    this.#logger = output.logger;
    this.#lastCurrent = new LastCurrent(settings.files.snapshot, systemClock.wallTime);
    this.#age = new ConfigurationAge({
      connection: () => this.#client.connection,
      clock: systemClock,
      initialMs: this.#lastCurrent.ageMs(),
      onCurrent: () => {
        this.#running.proxy.configuration.becameCurrent();
        void this.#lastCurrent.note();
      },
    });
    const learner = new DestinationLearning({
      client: () => this.#client,
      now,
      onSettled: (result, waitedMs) => metrics.learning.with({ result }).observe(waitedMs / 1_000),
    });
    this.#running = new RunningProxy(settings, output, {
      learner,
      staleForMs: () => this.#age.staleForMs(),
    });
    const metrics = createDiscoveryMetrics(this.#running.registry);
    const { configuration } = this.#running.proxy;
    const snapshots = new TimedSnapshotStore(parts.snapshots, now);
    this.#client = new DiscoveryClient({
      clock: systemClock,
      random: createSystemRandom(),
      log: output.logger,
      sink: new LearnedConfiguration({
        configuration,
        turns: new TurnScheduler(now),
        place: settings.place,
      }),
      codec,
      transport: tellingOf(parts.transport, () => this.#age.connected()),
      snapshots,
    });
    const known = () => ({
      frontends: configuration.frontends().length,
      backends: [...configuration.backends()].length,
    });
    collectDiscovery(metrics, this.#client, known, () => snapshots.ageMs);
  }

  get drained(): Promise<boolean> {
    return this.#running.drained;
  }

  /** Returns once connections are taken, with or without the controller. */
  async start(): Promise<void> {
    const { resources, proxy } = this.#running;
    const { destinationIdleMs } = this.#settings.limits;
    resources.defer(() => this.#age.stop());
    resources.defer(() => this.#client.stop());
    this.#client.start();
    const sweep = setInterval(
      () => this.#client.forget(proxy.configuration.idleFrontends(destinationIdleMs)),
      Math.min(IDLE_SWEEP_MS, destinationIdleMs),
    );
    resources.defer(() => clearInterval(sweep));
    const noting = setInterval(() => this.#noteCurrent(), NOTE_CURRENT_MS);
    resources.defer(() => clearInterval(noting));
    await this.#running.open({
      config: () => describeControlled(this.#settings, this.#client, proxy.configuration),
      explain: (query) => this.#explain(query),
    });
    this.#running.isReady = true;
    this.#logger.info("serving", { known_destinations: proxy.configuration.frontends().length });
    void this.#warmUp();
  }

  #noteCurrent(): void {
    if (this.#age.staleForMs() === 0) void this.#lastCurrent.note();
  }

  /** Whatever comes in meanwhile is served as well. */
  async #warmUp(): Promise<void> {
    try {
      const { warmUp } = await import("./warm-up.ts");
      await warmUp(this.#settings);
    } catch (error) {
      this.#logger.debug("the warm-up failed, and the first request may take longer", {
        error: String(error),
      });
    }
  }

  /** Loaded when it is asked for: most proxies never are. */
  async #explain(query: URLSearchParams): Promise<ExplainAnswer> {
    const { explainLearned } = await import("./explain/explain-learned.ts");
    return await explainLearned(query, {
      client: this.#client,
      configuration: this.#running.proxy.configuration,
      tokenFile: this.#settings.files.token,
      now: systemClock.now,
    });
  }

  drain(): void {
    this.#running.drain();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
  }
}

function realParts({ controller, files }: ControlledSettings): ControlledParts {
  return {
    transport: new GrpcTransport({
      ...controller,
      caFile: files.ca,
      tokenFile: files.token,
      clock: systemClock,
      node: { id: hostname(), version },
    }),
    snapshots: new SnapshotFile(files.snapshot),
  };
}

/** The same, and tells of each stream that the controller took. */
function tellingOf(transport: DiscoveryTransport, onOpen: () => void): DiscoveryTransport {
  return {
    resolve: () => transport.resolve(),
    open: (address, listener) =>
      transport.open(address, {
        ...listener,
        onOpen: () => {
          listener.onOpen();
          onOpen();
        },
      }),
  };
}
