import type { SnapshotStore } from "../discovery/client/client-ports.ts";
import type { DiscoveryClient } from "../discovery/client/discovery-client.ts";
import type { DiscoveryMetrics } from "../telemetry/discovery-metrics.ts";

/** Shows what the client counts. @param snapshotAgeMs undefined before the first snapshot was written */
export function collectDiscovery(
  metrics: DiscoveryMetrics,
  client: Pick<DiscoveryClient, "connection" | "statistics">,
  known: () => { readonly frontends: number; readonly backends: number },
  snapshotAgeMs: () => number | undefined,
): void {
  metrics.connected.collectFrom(() => [[{}, client.connection.isConnected ? 1 : 0]]);
  metrics.connections.collectFrom(() => {
    const { connects, losses, failedAttempts } = client.statistics;
    return [
      [{ result: "established" }, connects],
      [{ result: "lost" }, losses],
      [{ result: "failed" }, failedAttempts],
    ];
  });
  metrics.resources.collectFrom(() => {
    const { resources, rejectedResources } = client.statistics;
    return [
      [{ result: "accepted" }, resources - rejectedResources],
      [{ result: "rejected" }, rejectedResources],
    ];
  });
  metrics.known.collectFrom(() => {
    const { frontends, backends } = known();
    return [
      [{ kind: "frontend" }, frontends],
      [{ kind: "backend" }, backends],
    ];
  });
  metrics.snapshotWrites.collectFrom(() => {
    const { snapshotsWritten, snapshotsFailed } = client.statistics;
    return [
      [{ result: "success" }, snapshotsWritten],
      [{ result: "failure" }, snapshotsFailed],
    ];
  });
  metrics.snapshotAge.collectFrom(() => {
    const ageMs = snapshotAgeMs();
    return ageMs === undefined ? [] : [[{}, ageMs / 1_000]];
  });
}

/** A store that remembers when it was last written to. */
export class TimedSnapshotStore implements SnapshotStore {
  readonly #store: SnapshotStore;
  readonly #now: () => number;
  #writtenMs: number | undefined;

  /** @param now monotonic ms */
  constructor(store: SnapshotStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  get ageMs(): number | undefined {
    return this.#writtenMs === undefined ? undefined : this.#now() - this.#writtenMs;
  }

  read(): ReturnType<SnapshotStore["read"]> {
    return this.#store.read();
  }

  async write(resources: Parameters<SnapshotStore["write"]>[0]): Promise<void> {
    await this.#store.write(resources);
    this.#writtenMs = this.#now();
  }
}
