import {
  type ControllerPorts,
  controllerEndpoints,
  metricsEndpoints,
  type Readiness,
} from "../../admin/endpoints.ts";
import type { BindingProblem } from "../../binding/bind.ts";
import { ControlPlane, type MeshChanges } from "../../controller/control-plane.ts";
import { COMPONENT_NAME } from "../../controller/controller-name.ts";
import {
  configurationRefused,
  gatewayApiMissing,
  serviceProblem,
} from "../../controller/events/event-cases.ts";
import { reportSidecar, type SidecarsReport } from "../../controller/sidecar-report.ts";
import type { TrustChange } from "../../controller/trust/maintain-trust.ts";
import { trustEvent } from "../../controller/trust/trust-events.ts";
import { DiscoveryHub } from "../../discovery/server/discovery-hub.ts";
import { type DiscoveryServer, startDiscoveryServer } from "../../discovery/server/discovery-server.ts";
import type { HubEvents } from "../../discovery/server/hub-events.ts";
import { createWatchApi } from "../../kubernetes/http-api.ts";
import { loadKubeConfig } from "../../kubernetes/kube-config.ts";
import type { MeshResource } from "../../kubernetes/mesh-reader.ts";
import { systemClock } from "../../platform/clock.ts";
import { createSystemRandom } from "../../platform/random.ts";
import { createControllerMetrics } from "../../telemetry/controller-metrics.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { MetricRegistry } from "../../telemetry/metric-registry.ts";
import { keepExpiringSeries, metricsOf, startAdminServers } from "../admin-servers.ts";
import { bindProblem } from "../bind-problem.ts";
import type { ControllerSettings } from "../controller-settings.ts";
import { runInTurns } from "../run-in-turns.ts";
import type { DrainableProxy } from "../running-proxy.ts";
import { ClusterTrust } from "./cluster-trust.ts";
import { ClusterWriter } from "./cluster-writer.ts";
import { describeConfig } from "./controller-config.ts";
import { collectBinding, collectCertificates, collectReflectors } from "./controller-telemetry.ts";
import { createHubEvents, createServerEvents } from "./hub-telemetry.ts";
import { MeshReflectors } from "./mesh-reflectors.ts";
import { ownName, ownNamespace } from "./own-place.ts";

/** The parts of the cluster's side of a replica, once it is known how to reach the cluster. */
interface ClusterParts {
  readonly reflectors: MeshReflectors;
  readonly trust: ClusterTrust;
  readonly writer: ClusterWriter;
}

/** A replica of the control plane, wired together. */
export class ControllerProcess implements DrainableProxy {
  readonly drained: Promise<boolean>;
  readonly #settings: ControllerSettings;
  readonly #logger: Logger;
  readonly #name: string;
  readonly #namespace: string;
  readonly #random = createSystemRandom();
  readonly #registry = new MetricRegistry();
  readonly #metrics = createControllerMetrics(this.#registry);
  readonly #plane: ControlPlane;
  readonly #hub: DiscoveryHub;
  readonly #resources = new AsyncDisposableStack();
  readonly #onDrained: (isDrained: boolean) => void;
  #cluster: ClusterParts | undefined;
  #server: DiscoveryServer | undefined;
  #problems: readonly BindingProblem[] = [];
  #isDraining = false;

  constructor(settings: ControllerSettings, logger: Logger) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.drained = promise;
    this.#onDrained = resolve;
    this.#settings = settings;
    this.#logger = logger;
    this.#name = settings.identity ?? ownName();
    this.#namespace = settings.namespace ?? ownNamespace();
    this.#plane = new ControlPlane({
      strictGrants: settings.hasStrictGrants,
      clock: systemClock,
      runInTurns: (steps) => runInTurns(steps, systemClock.now),
      onChanges: (changes) => this.#publish(changes),
    });
    this.#hub = new DiscoveryHub({
      catalogue: this.#plane.catalogue,
      now: systemClock.now,
      defer: (run) => void setImmediate(run),
      events: createHubEvents(this.#metrics, logger, (nack) => this.#recordRefusal(nack)),
    });
  }

  /** Returns once it serves sidecars: everything was listed, and there is a certificate. */
  async start(): Promise<void> {
    const resources = this.#resources;
    resources.defer(keepExpiringSeries(this.#registry));
    const { admin, metrics } = this.#settings;
    const ports = this.#adminPorts;
    const served = [
      { flag: "--admin", address: admin, routes: controllerEndpoints(ports) },
      { flag: "--metrics", address: metrics, routes: metricsEndpoints(ports) },
    ];
    const cluster = this.#connect();
    this.#cluster = cluster;
    resources.use(await startAdminServers(served, this.#logger));
    cluster.writer.start();
    await Promise.all([this.#bindAll(cluster), cluster.trust.certified()]);
    if (!this.#isDraining) await this.#serve(cluster);
  }

  #connect(): ClusterParts {
    const { kubeconfig, hasStrictGrants } = this.#settings;
    const config = loadKubeConfig(kubeconfig);
    const base = {
      config,
      api: createWatchApi(config),
      clock: systemClock,
      random: this.#random,
      log: this.#logger,
      namespace: this.#namespace,
    };
    const trust = new ClusterTrust({
      ...base,
      onChange: (change) => this.#recordTrust(change),
      onToken: (outcome) => this.#metrics.tokens.with({ outcome }).add(1),
    });
    const onLead = (): void => this.#recordProblems(this.#problems);
    const writer = new ClusterWriter({ ...base, name: this.#name, metrics: this.#metrics, trust, onLead });
    const reflectors = new MeshReflectors({
      ...base,
      strictGrants: hasStrictGrants,
      onChanges: (changes) => this.#plane.change(changes),
      onRoute: (key, route) => writer.status.observe("HTTPRoute", key, route),
      onAbsent: (resource) => this.#recordAbsence(resource, writer),
    });
    this.#resources.defer(() => reflectors.stop());
    this.#resources.defer(() => trust.stop());
    this.#resources.defer(() => this.#plane.stop());
    const watched = new Map([...reflectors.reflectors, ...trust.reflectors]);
    collectReflectors(this.#metrics, watched, systemClock.now);
    this.#metrics.unreadableObjects.collectFrom(() => [[{}, reflectors.unreadable.length]]);
    collectCertificates(this.#metrics, trust.certificates);
    collectBinding(this.#metrics, this.#plane, this.#hub);
    return { reflectors, trust, writer };
  }

  async #bindAll({ reflectors }: ClusterParts): Promise<void> {
    await reflectors.synced();
    await this.#plane.begin();
    const { frontends, backends } = this.#plane.binding;
    this.#logger.info("everything was listed", { frontends: frontends.size, backends: backends.size });
  }

  async #serve({ trust }: ClusterParts): Promise<void> {
    const { listen } = this.#settings;
    try {
      this.#server = await startDiscoveryServer({
        address: listen,
        hub: this.#hub,
        authenticate: trust.authenticate,
        certificates: trust.certificates,
        events: createServerEvents(this.#metrics, this.#logger),
        clock: systemClock,
        random: this.#random,
      });
    } catch (error) {
      throw new Error(bindProblem("--listen", listen, error), { cause: error });
    }
    this.#resources.use(this.#server);
    this.#logger.info("serving", { port: this.#server.port, replica: this.#name });
  }

  #publish(changes: MeshChanges): void {
    const { frontends, backends, statuses, selves, seenMs } = changes;
    this.#hub.publish({ frontends, backends, selves, sinceMs: seenMs });
    this.#metrics.bindDuration.with({}).observe((systemClock.now() - seenMs) / 1_000);
    for (const key of statuses) {
      this.#cluster?.writer.status.want("HTTPRoute", key, this.#plane.binding.status(key));
    }
    this.#reportProblems();
  }

  #reportProblems(): void {
    if (this.#plane.binding.problems === this.#problems) return;
    const before = new Set(this.#problems.map((problem) => JSON.stringify(problem)));
    this.#problems = this.#plane.binding.problems;
    const added = this.#problems.filter((problem) => !before.has(JSON.stringify(problem)));
    for (const { object, message } of added) {
      this.#logger.warn("an object is not in force as written", { object, error: message });
    }
    this.#recordProblems(added);
  }

  #recordProblems(problems: readonly BindingProblem[]): void {
    for (const { object, message } of problems) {
      this.#cluster?.writer.events.record(serviceProblem(placeOf(object), message));
    }
  }

  #recordRefusal({ identity, type, names, reason }: Parameters<HubEvents["onNack"]>[0]): void {
    const { namespace, pod: name, podUid: uid } = identity;
    const refused = { resource: `${type} ${names.join(", ")}`, message: reason };
    const pod = { namespace, name, ...(uid !== undefined && { uid }) };
    this.#cluster?.writer.events.record(configurationRefused(pod, refused));
  }

  /** Told at the controllers' own Service, because there is no other object to tell it at. */
  #recordAbsence({ group, plural, versions }: MeshResource, { events }: ClusterWriter): void {
    const service = { namespace: this.#namespace, name: COMPONENT_NAME };
    events.record(gatewayApiMissing(service, { resource: `${plural}.${group}`, versions }));
  }

  #recordTrust(change: TrustChange): void {
    const event = trustEvent(change, this.#namespace);
    if (event !== undefined) this.#cluster?.writer.events.record(event);
  }

  get #adminPorts(): ControllerPorts {
    return {
      config: () => this.#describe(),
      sidecars: () => this.#describeSidecars(),
      metrics: metricsOf(this.#registry),
      readiness: () => this.#readiness(),
    };
  }

  #readiness(): Readiness {
    if (this.#isDraining) return { isReady: false, reason: "draining" };
    if (this.#server !== undefined) return { isReady: true, reason: "ready" };
    const isSynced = this.#cluster?.reflectors.isSynced === true;
    return { isReady: false, reason: isSynced ? "waiting for a certificate" : "listing objects" };
  }

  #describe(): unknown {
    const { binding, catalogue } = this.#plane;
    const { reflectors, trust, writer } = this.#cluster ?? {};
    return {
      replica: this.#name,
      namespace: this.#namespace,
      isReady: this.#readiness().isReady,
      leadership: { isLeading: writer?.isLeading ?? false, leader: writer?.leader ?? "" },
      certificate: trust?.describe(),
      ...describeConfig({
        reflectors: new Map([...(reflectors?.reflectors ?? []), ...(trust?.reflectors ?? [])]),
        unreadable: reflectors?.unreadable ?? [],
        binding,
        catalogue,
        now: systemClock.now,
      }),
    };
  }

  #describeSidecars(): { readonly [K in keyof SidecarsReport]: unknown } {
    return { controller: this.#name, sidecars: this.#hub.sessions().map(reportSidecar) };
  }

  /** Sends the sidecars to other replicas and lets another one lead; `drained` says when that is done. */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    const { drainTimeoutMs } = this.#settings;
    this.#logger.info("draining", { sidecars: this.#hub.sessionCount, limit_ms: drainTimeoutMs });
    void this.#leave(drainTimeoutMs).then(() => {
      this.#logger.info("drained");
      this.#onDrained(true);
    });
  }

  async #leave(spreadMs: number): Promise<void> {
    await Promise.all([this.#server?.shutdown(spreadMs), this.#cluster?.writer.stop()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster?.writer.stop();
    await this.#resources[Symbol.asyncDispose]();
  }
}

/** Of `Service namespace/name`, the only kind of which binding has problems. */
function placeOf(object: string): { readonly namespace: string; readonly name: string } {
  const [namespace = "", name = ""] = object.slice(object.indexOf(" ") + 1).split("/");
  return { namespace, name };
}
