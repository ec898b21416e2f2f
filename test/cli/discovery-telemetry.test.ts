import assert from "node:assert/strict";
import { collectDiscovery, TimedSnapshotStore } from "../../src/cli/discovery-telemetry.ts";
import { createDiscoveryMetrics } from "../../src/telemetry/discovery-metrics.ts";
import { MetricRegistry } from "../../src/telemetry/metric-registry.ts";

describe("what a sidecar shows of its way to the controller", () => {
  it("is what its client counts", () => {
    const registry = new MetricRegistry();
    const statistics = {
      connects: 3,
      losses: 2,
      failedAttempts: 5,
      resources: 10,
      rejectedResources: 1,
      snapshotsWritten: 4,
      snapshotsFailed: 6,
    };
    const connection = { isConnected: true, sinceMs: 0, address: undefined, lastError: undefined };
    let ageMs: number | undefined;
    collectDiscovery(
      createDiscoveryMetrics(registry),
      { connection, statistics },
      () => ({ frontends: 7, backends: 8 }),
      () => ageMs,
    );
    const samplesOf = (name: string): readonly unknown[] =>
      registry
        .families()
        .filter(({ spec }) => spec.name === `eastbound_discovery_${name}`)
        .flatMap((family) => [...family.samples()]);
    assert.deepEqual(samplesOf("connected"), [{ text: "", value: 1 }]);
    assert.deepEqual(samplesOf("connections_total"), [
      { text: 'result="established"', value: 3 },
      { text: 'result="lost"', value: 2 },
      { text: 'result="failed"', value: 5 },
    ]);
    assert.deepEqual(samplesOf("resources_total"), [
      { text: 'result="accepted"', value: 9 },
      { text: 'result="rejected"', value: 1 },
    ]);
    assert.deepEqual(samplesOf("known"), [
      { text: 'kind="frontend"', value: 7 },
      { text: 'kind="backend"', value: 8 },
    ]);
    assert.deepEqual(samplesOf("snapshot_writes_total"), [
      { text: 'result="success"', value: 4 },
      { text: 'result="failure"', value: 6 },
    ]);
    assert.deepEqual(samplesOf("snapshot_age_seconds"), []);
    ageMs = 1_500;
    assert.deepEqual(samplesOf("snapshot_age_seconds"), [{ text: "", value: 1.5 }]);
  });
});

describe("a snapshot's age", () => {
  it("is that of the last one that could be written", async () => {
    let nowMs = 0;
    let isBroken = false;
    const written: unknown[] = [];
    const store = new TimedSnapshotStore(
      {
        read: () => [],
        write: (resources) => {
          if (isBroken) return Promise.reject(new Error("no room"));
          written.push(resources);
          return Promise.resolve();
        },
      },
      () => nowMs,
    );
    assert.deepEqual([store.read(), store.ageMs], [[], undefined]);
    await store.write([]);
    nowMs = 100;
    assert.equal(store.ageMs, 100);
    isBroken = true;
    await assert.rejects(store.write([]), /no room/);
    assert.equal(store.ageMs, 100);
    assert.deepEqual(written, [[]]);
  });
});
