import assert from "node:assert/strict";
import { IncrementalBinding } from "../../../src/binding/incremental-binding.ts";
import {
  collectBinding,
  collectCertificates,
  collectReflectors,
} from "../../../src/cli/controller/controller-telemetry.ts";
import { createHubEvents, createServerEvents } from "../../../src/cli/controller/hub-telemetry.ts";
import { emptyStatistics } from "../../../src/kubernetes/reflector-statistics.ts";
import { createControllerMetrics } from "../../../src/telemetry/controller-metrics.ts";
import { expose } from "../../../src/telemetry/exposition.ts";
import { Logger } from "../../../src/telemetry/logger.ts";
import { MetricRegistry } from "../../../src/telemetry/metric-registry.ts";
import { service } from "../../binding/build.ts";
import { createHarness, FakeSidecar } from "../../discovery/server/hub-harness.ts";

function start() {
  const registry = new MetricRegistry();
  const lines: string[] = [];
  const log = new Logger({
    level: "info",
    format: "json",
    write: (line) => lines.push(line),
    now: () => 0,
  });
  /** The samples that are not 0, without the common part of their names; of histograms the counts. */
  const samples = (): readonly string[] =>
    [...expose(registry, "prometheus")]
      .join("")
      .split("\n")
      .filter((line) => line !== "" && !/^#|_bucket|_sum|[} ]0$/.test(line))
      .map((line) => line.replace("eastbound_controller_", ""));
  return { metrics: createControllerMetrics(registry), log, lines, samples };
}

describe("the controller's metrics", () => {
  it("ask reflectors for what they hold and have done", () => {
    const { metrics, samples } = start();
    const statistics = emptyStatistics();
    const absent = { ...emptyStatistics(), state: "absent" as const, lastHeardMs: 1 };
    const reflectors = new Map([
      ["Service", { statistics }],
      ["HTTPRoute", { statistics: absent }],
    ]);
    collectReflectors(metrics, reflectors, () => 4_000);
    assert.deepEqual(samples(), []);
    Object.assign(statistics, { objects: 5, events: 7, errors: 2, lastHeardMs: 1_500 });
    statistics.lists.start++;
    statistics.watchEnds.stalled++;
    assert.deepEqual(samples(), [
      'objects{kind="Service"} 5',
      'watch_lag_seconds{kind="Service"} 2.5',
      'watch_events_total{kind="Service"} 7',
      'watch_lists_total{kind="Service",reason="start"} 1',
      'watch_ends_total{kind="Service",reason="stalled"} 1',
      'watch_errors_total{kind="Service"} 2',
    ]);
  });

  it("ask for what is in force, and who has it", () => {
    const { metrics, samples } = start();
    const binding = new IncrementalBinding({ strictGrants: false });
    binding.apply([{ kind: "upsert", object: service({ clusterIPs: ["10.0.0.1", "10.0.0.2"] }) }]);
    const { hub, catalogue } = createHarness();
    collectBinding(metrics, { binding }, hub);
    catalogue.put("Backend", "a", "1");
    const sidecar = new FakeSidecar(hub);
    sidecar.subscribe("Backend", "a");
    assert.deepEqual(samples(), ["frontends 2", "backends 1", 'sidecars{state="behind"} 1']);
    sidecar.readAndAck();
    assert.deepEqual(samples(), ["frontends 2", "backends 1", 'sidecars{state="in-sync"} 1']);
  });

  it("ask when certificates expire", () => {
    const { metrics, samples } = start();
    const certificates = { expiresMs: undefined as number | undefined, authorityExpiresMs: 2_000 };
    collectCertificates(metrics, certificates);
    assert.deepEqual(samples(), ['certificate_expiry_timestamp_seconds{certificate="authority"} 2']);
    certificates.expiresMs = 1_500;
    assert.equal(samples()[0], 'certificate_expiry_timestamp_seconds{certificate="serving"} 1.5');
  });

  it("count pushes and what is said to them", () => {
    const { metrics, log, lines, samples } = start();
    const refused: string[] = [];
    const events = createHubEvents(metrics, log, ({ names }) => refused.push(...names));
    const push = { type: "Backend", resources: 2, removed: 0, sizeBytes: 300, waitedMs: 4 } as const;
    events.onPush(push);
    events.onPush({ ...push, resources: 0, removed: 1, sizeBytes: 50 });
    events.onAck({ type: "Backend", tookMs: 5 });
    const identity = { namespace: "shop", pod: "cart-1", serviceAccount: "cart" };
    events.onNack({ type: "Frontend", identity, names: ["a", "b"], reason: "no" });
    assert.deepEqual(samples(), [
      'pushes_total{type="Backend"} 2',
      'pushed_resources_total{type="Backend",change="updated"} 2',
      'pushed_resources_total{type="Backend",change="removed"} 1',
      'pushed_bytes_total{type="Backend"} 350',
      "push_duration_seconds_count 2",
      "ack_duration_seconds_count 1",
      'answers_total{type="Backend",answer="ack"} 1',
      'answers_total{type="Frontend",answer="nack"} 1',
    ]);
    assert.deepEqual(refused, ["a", "b"]);
    assert.equal(lines.length, 1);
    assert.ok(lines[0]?.includes('"sidecar":"shop/cart-1","type":"Frontend","names":"a, b","error":"no"'));
  });

  it("count who is refused, and log it now and then", () => {
    const { metrics, log, lines, samples } = start();
    const events = createServerEvents(metrics, log);
    events.onRefusedConnection("plain-text");
    events.onRefusedConnection("plain-text");
    events.onRefusedToken("malformed token");
    events.onAuthenticationFailure(new Error("away"));
    events.onAuthenticationFailure("away");
    events.onBadCertificate(new Error("bad"));
    assert.deepEqual(samples(), [
      'refused_connections_total{reason="plain-text"} 2',
      'refused_connections_total{reason="token: malformed token"} 1',
      'refused_connections_total{reason="token not checked"} 2',
    ]);
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { readonly message: string }).message),
      [
        "a sidecar's connection was refused",
        "a sidecar's connection was refused",
        "a token can't be checked",
        "the serving certificate can't be used",
      ],
    );
  });
});
