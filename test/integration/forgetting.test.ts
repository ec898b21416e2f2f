import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createProxyTelemetry } from "../../src/cli/proxy-telemetry.ts";
import { MetricRegistry } from "../../src/telemetry/metric-registry.ts";
import { createProxyMetrics } from "../../src/telemetry/proxy-metrics.ts";
import {
  answering,
  backendsOf,
  eventually,
  frontendOf,
  type Harness,
  RawClient,
  SERVICE,
  startHarness,
  startRawServer,
} from "../support/proxy-harness.ts";

const CYCLES = 300;
const GET = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";
/** Of what is left after a collection: half a kilobyte for each of the Services of two rounds. */
const MOST_GROWTH_BYTES = 2 * CYCLES * 512;
const IDLE_MS = 600_000;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function usedBytes(): number {
  for (let n = 0; n < 4; n++) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe("a sidecar that calls one Service after the other, for days", function () {
  this.timeout(30_000);

  it("keeps nothing of those that it has forgotten: no series, no runtime, no memory", async () => {
    const registry = new MetricRegistry();
    const telemetry = createProxyTelemetry(createProxyMetrics(registry));
    await using server = await startRawServer(answering("HTTP/1.1 204 No Content\r\n\r\n"));
    await using harness = await startHarness({ backends: {}, telemetry });
    const { configuration } = harness.proxy;
    configuration.removeFrontend(`${SERVICE.address}:${SERVICE.port}`);
    const empty = registry.seriesCount;
    let nowMs = 0;
    const callMany = async (round: number): Promise<void> => {
      for (let n = 0; n < CYCLES; n++) await callOne(harness, `service-${round}-${n}`, server.port);
      // What the test itself remembers.
      server.sockets.length = 0;
      harness.log.length = 0;
      assert.ok(registry.seriesCount > empty + CYCLES);
      // What changed since the last look is seen by the first, and that it rested by the second.
      registry.expireIdle(nowMs);
      nowMs += IDLE_MS;
      registry.expireIdle(nowMs);
    };
    for (const round of [0, 1]) await callMany(round);
    const before = usedBytes();
    for (const round of [2, 3]) await callMany(round);
    const grown = usedBytes() - before;
    assert.deepEqual([configuration.frontends(), [...configuration.backends()]], [[], []]);
    assert.equal(registry.seriesCount, empty);
    assert.ok(grown < MOST_GROWTH_BYTES, `${grown} bytes more after ${2 * CYCLES} Services`);
  });
});

/** Learns a Service, sends it a request, and forgets it as soon as it is idle. */
async function callOne(harness: Harness, service: string, port: number): Promise<void> {
  const { configuration } = harness.proxy;
  const backend = `app/${service}:80`;
  const frontend = frontendOf({ frontend: { service: { namespace: "app", name: service }, backend } });
  for (const each of backendsOf({ backends: { [backend]: [port] } })) configuration.putBackend(each);
  const steps = configuration.putFrontendInSteps({ frontend, version: service });
  while (steps.next().done !== true) continue;
  await using client = new RawClient(harness.port);
  client.send(GET);
  await client.response();
  client.socket.destroy();
  await eventually("the Service to be idle", () =>
    configuration.idleFrontends(0).length === 1 ? undefined : "it is used",
  );
  for (const name of configuration.idleFrontends(0)) configuration.removeFrontend(name);
  configuration.removeBackend(backend);
}
