import { randomBytes } from "node:crypto";
import { CoordinationV1Api, type KubeConfig } from "@kubernetes/client-node";
import { COMPONENT_NAME } from "../../controller/controller-name.ts";
import { type Election, startElection } from "../../controller/election/election.ts";
import { type LeadersPart, leadTogether } from "../../controller/election/lead-together.ts";
import { createLeaseApi } from "../../controller/election/lease-api.ts";
import { createEventApi } from "../../controller/events/event-api.ts";
import { meshObjectTaken } from "../../controller/events/event-cases.ts";
import { EventRecorder } from "../../controller/events/event-recorder.ts";
import { routeEvents, statusOverwritten } from "../../controller/events/route-events.ts";
import { createMeshApi } from "../../controller/status/mesh-api.ts";
import { MeshObject } from "../../controller/status/mesh-object.ts";
import { MESH_RESOURCE } from "../../controller/status/observed-mesh.ts";
import { createStatusApi } from "../../controller/status/status-api.ts";
import { StatusWriter } from "../../controller/status/status-writer.ts";
import { bootTime, systemClock } from "../../platform/clock.ts";
import type { ControllerMetrics } from "../../telemetry/controller-metrics.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { ClusterTrust } from "./cluster-trust.ts";

const MESH_API_VERSION = `${MESH_RESOURCE.group}/${MESH_RESOURCE.version}`;

export interface ClusterWriterOptions {
  readonly config: KubeConfig;
  readonly namespace: string;
  /** The replica's, for people. */
  readonly name: string;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: ControllerMetrics;
  readonly trust: ClusterTrust;
  /** This replica has begun to lead. */
  readonly onLead: () => void;
}

/** All that this replica writes at the API server, and the election that says whether it may. */
export class ClusterWriter {
  readonly status: StatusWriter;
  readonly events: EventRecorder;
  readonly #mesh: MeshObject;
  readonly #options: ClusterWriterOptions;
  #election: Election | undefined;

  constructor(options: ClusterWriterOptions) {
    const { config, namespace, name, random, log, metrics } = options;
    this.#options = options;
    this.events = new EventRecorder({
      api: createEventApi(config, name),
      clock: systemClock,
      log,
      isLeading: () => this.isLeading,
      metrics: { recorded: (result) => metrics.events.with({ result }).add(1) },
    });
    this.status = new StatusWriter({
      api: createStatusApi(config),
      clock: systemClock,
      random,
      log,
      metrics: {
        wrote: (kind, result) => metrics.statusWrites.with({ kind, result }).add(1),
        took: (kind, ms) => metrics.statusDuration.with({ kind }).observe(ms / 1_000),
      },
      onWritten: (change) => {
        for (const event of routeEvents(change)) this.events.record(event);
      },
      onOverwritten: (route) => this.events.record(statusOverwritten(route)),
    });
    this.#mesh = new MeshObject({
      api: createMeshApi(config),
      clock: systemClock,
      random,
      log,
      namespace,
      onTaken: (mesh) => this.events.record(meshObjectTaken({ ...mesh, apiVersion: MESH_API_VERSION })),
    });
    metrics.statusPending.collectFrom(() => [[{}, this.status.pending]]);
    metrics.leader.collectFrom(() => [[{}, this.isLeading ? 1 : 0]]);
  }

  get isLeading(): boolean {
    return this.#election?.isLeading === true;
  }

  /** Whoever leads, as far as it is known; empty for nobody. */
  get leader(): string {
    return this.#election?.leader ?? "";
  }

  start(): void {
    const { config, namespace, name, random, log, trust, onLead } = this.#options;
    const api = config.makeApiClient(CoordinationV1Api);
    this.#election = startElection({
      leases: createLeaseApi({ api, namespace, name: COMPONENT_NAME }),
      // Never used again, not even by the same pod.
      identity: `${name}_${randomBytes(4).toString("hex")}`,
      lead: async (signal, mayWrite) => {
        onLead();
        const parts = [this.status, this.#mesh, trust].map(
          (each): LeadersPart =>
            (...term) =>
              each.run(...term),
        );
        await leadTogether(parts, signal, mayWrite);
      },
      // A machine that slept must not think that it still leads.
      clock: { ...systemClock, now: bootTime },
      random,
      log,
    });
  }

  /** Gives the Lease back, once nothing is being written any more. */
  async stop(): Promise<void> {
    await this.#election?.stop();
    this.events.stop();
  }
}
