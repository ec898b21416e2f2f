import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { KubeConfig } from "@kubernetes/client-node";
import { createEventApi } from "../../../src/controller/events/event-api.ts";
import { configurationRefused, serviceProblem } from "../../../src/controller/events/event-cases.ts";
import {
  EVENT_LIMITS,
  type EventMetrics,
  EventRecorder,
} from "../../../src/controller/events/event-recorder.ts";
import { eventPermissions } from "../../../src/controller/events/permissions.ts";
import { routeEvents } from "../../../src/controller/events/route-events.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { cluster, rig } from "../support/cluster.ts";
import { RestrictedConfig } from "../support/restricted-config.ts";
import { TestNamespace } from "../support/test-namespace.ts";

const run = promisify(execFile);
const GATEWAY = "gateway.networking.k8s.io/v1";

/** A recorder that does not wait a minute to count. */
function startRecorder(config: KubeConfig, recorded: EventMetrics["recorded"] = () => {}): EventRecorder {
  const silent = (): void => {};
  return new EventRecorder({
    api: createEventApi(config, "eastbound-controller-0"),
    clock: systemClock,
    log: { info: silent, warn: silent, limited: silent },
    isLeading: () => true,
    metrics: { recorded },
    limits: { ...EVENT_LIMITS, repeatMs: 1 },
  });
}

describe("Events on a real API server", () => {
  let namespace: TestNamespace;
  /** With the permissions that are documented, and no others. */
  let restricted: RestrictedConfig;

  beforeEach(async () => {
    namespace = await TestNamespace.create("events");
    restricted = await RestrictedConfig.create(namespace, eventPermissions);
  });
  afterEach(async () => {
    await restricted[Symbol.asyncDispose]();
    await namespace[Symbol.asyncDispose]();
  });

  async function describeObject(kind: string, name: string): Promise<string> {
    const args = ["--kubeconfig", cluster().kubeconfig, "-n", namespace.name, "describe", kind, name];
    const { stdout } = await run(join(rig().cache, "bin/kubectl"), args);
    return stdout.slice(stdout.indexOf("\nEvents:"));
  }

  async function untilEvents(isWanted: (counts: readonly number[]) => boolean): Promise<void> {
    const events = { apiVersion: "events.k8s.io/v1", kind: "Event", namespace: namespace.name };
    await namespace.objects.untilAll(events, "", (all) => {
      const ours = all.filter((event) => event["reportingController"] === "eastbound.dev/controller");
      return isWanted(ours.map((event) => (event["series"] as { count: number } | undefined)?.count ?? 1));
    });
  }

  it("shows them in `kubectl describe` of a route, a Service and a pod", async () => {
    const { name } = namespace;
    await namespace.apply([
      { apiVersion: GATEWAY, kind: "HTTPRoute", metadata: { name: "r" }, spec: {} },
      { apiVersion: "v1", kind: "Service", metadata: { name: "s" }, spec: { ports: [{ port: 80 }] } },
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "p" },
        spec: { containers: [{ name: "c", image: "none.invalid/none" }], nodeSelector: { no: "where" } },
      },
    ]);
    const uid = (await namespace.read(GATEWAY, "HTTPRoute", "r"))?.metadata.uid ?? "";
    const recorder = startRecorder(restricted.config);
    const route = { kind: "HTTPRoute", version: "v1", namespace: name, name: "r", uid } as const;
    const after = {
      type: "Accepted",
      status: "False",
      reason: "NoMatchingParent",
      message: "Service x does not exist.",
      observedGeneration: 1,
    } as const;
    for (const event of routeEvents({ route, changes: [{ after }], omitted: 0 })) recorder.record(event);
    recorder.record(serviceProblem({ namespace: name, name: "s" }, "the annotation is wrong"));
    recorder.record(
      configurationRefused(
        { namespace: name, name: "p" },
        { resource: "Frontend 10.0.0.1:80", message: "no" },
      ),
    );
    await untilEvents((counts) => counts.length >= 3);
    recorder.stop();
    const line = "eastbound.dev/controller";
    assert.match(
      await describeObject("httproute", "r"),
      new RegExp(`Warning +RouteNotAccepted +\\S+ +${line} +NoMatchingParent: Service x does not exist\\.`),
    );
    assert.match(
      await describeObject("service", "s"),
      new RegExp(`Warning +ServiceProblem +\\S+ +${line} +the annotation is wrong`),
    );
    assert.match(
      await describeObject("pod", "p"),
      new RegExp(`Warning +ConfigurationRefused .*10\\.0\\.0\\.1:80`),
    );
  });

  it("counts what happens again, over restarts and replicas", async () => {
    await namespace.apply([
      { apiVersion: "v1", kind: "Service", metadata: { name: "s" }, spec: { ports: [{ port: 80 }] } },
    ]);
    const event = serviceProblem({ namespace: namespace.name, name: "s" }, "the annotation is wrong");
    const first = startRecorder(restricted.config);
    first.record(event);
    await untilEvents(([count = 0]) => count === 1);
    first.record(event);
    first.record(event);
    await untilEvents(([count = 0]) => count === 3);
    first.stop();
    const second = startRecorder(restricted.config);
    second.record(event);
    await untilEvents(([count = 0, ...others]) => count === 4 && others.length === 0);
    second.stop();
    assert.match(await describeObject("service", "s"), /ServiceProblem +\S+ \(x4 over \S+\)/);
  });

  it("gives up where the namespace is gone, and on what is not valid", async () => {
    const results: string[] = [];
    const settled = Promise.withResolvers<void>();
    const recorder = startRecorder(restricted.config, (result) => {
      results.push(result);
      settled.resolve();
    });
    recorder.record(serviceProblem({ namespace: "no-such-namespace", name: "s" }, "a problem"));
    await settled.promise;
    recorder.stop();
    assert.deepEqual(results, ["dropped"]);
  });
});
