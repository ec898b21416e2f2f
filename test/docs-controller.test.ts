import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { controllerFlags } from "../src/cli/controller-settings.ts";
import { textStyle } from "../src/cli/explain/text-style.ts";
import { generalSettings } from "../src/cli/general-settings.ts";
import { meshStatus, type ReplicaAnswer } from "../src/cli/status/mesh-status.ts";
import { plainStatus, renderStatus } from "../src/cli/status/render-status.ts";
import { statusFlags } from "../src/cli/status.ts";
import { controllerPermissions } from "../src/controller/controller-permissions.ts";
import type { Permission } from "../src/controller/permission.ts";
import type { RefusalReason } from "../src/controller/trust/tokens/pod-identity.ts";
import { discoveryAudience, type TokenOutcome } from "../src/controller/trust/tokens/token-authenticator.ts";
import { bundleMapName, trustSecretName } from "../src/controller/trust/trust-names.ts";
import type { SyncState } from "../src/discovery/server/session-view.ts";
import type { RefusedConnectionReason } from "../src/discovery/server/tls-listener.ts";
import type { ListReason, WatchEnd } from "../src/kubernetes/reflector-statistics.ts";
import { createControllerMetrics } from "../src/telemetry/controller-metrics.ts";
import { MetricRegistry } from "../src/telemetry/metric-registry.ts";
import { documentSection, markdownCode, markdownTable } from "./support/document-section.ts";
import { flagTable } from "./support/flag-table.ts";

const path = join(import.meta.dirname, "../docs/controller.md");

interface Family {
  readonly kind: string;
  readonly spec: { readonly name: string; readonly help: string; readonly labelNames: readonly string[] };
}

const registry = new MetricRegistry();
const families = Object.values<Family>({ ...createControllerMetrics(registry) });

const metricTable = markdownTable(
  ["metric", "type", "labels", "meaning"],
  families.map(({ kind, spec }) => [
    markdownCode(spec.name),
    kind,
    spec.labelNames.map(markdownCode).join(", "),
    spec.help,
  ]),
);

/** The type checker sees to it that these are all. */
const closedLists: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "`state` of `eastbound_controller_sidecars`": {
    "in-sync": "has what is in force",
    behind: "was not told yet, or has not answered yet",
    refused: "would not take something, and goes on with what it had",
  } satisfies Record<SyncState, string>,
  "`reason` of `eastbound_controller_watch_lists_total`": {
    start: "for the first time",
    expired: "the API server no longer knew the version to go on from",
    refused: "the API server would not go on from it",
    silent: "watches brought nothing, not even a sign of life",
    malformed: "something unreadable came, so that a change may have been missed",
  } satisfies Record<ListReason, string>,
  "`reason` of `eastbound_controller_watch_ends_total`": {
    ended: "by the API server, in good order; it does so every few minutes",
    expired: "too old to go on",
    stalled: "cut off, because nothing came for two minutes",
    failed: "by anything else",
  } satisfies Record<WatchEnd, string>,
  "`outcome` of `eastbound_controller_tokens_total`": {
    reviewed: "the API server said",
    remembered: "it had said so not long ago, or the token itself tells that it is no good",
    "remembered, unavailable": "it could not be asked, and had said so within the last minutes",
    unavailable: "it could not be asked: the sidecar tries again",
  } satisfies Record<TokenOutcome, string>,
  "`reason` of `eastbound_controller_refused_connections_total`": {
    "plain-text": "no TLS",
    handshake: "TLS did not come about: an old version, or the client does not trust the certificate",
    timeout: "no handshake in time",
    "no-http2": "the client did not ask for HTTP/2",
    "no-certificate": "this replica has none yet",
    "too-many": "20,000 connections, or no file descriptors left",
  } satisfies Record<RefusedConnectionReason, string>,
  "the same, of tokens": {
    "token: no token": "the stream showed none",
    "token: malformed token": "what it showed is none",
    "token: token for another audience": `it is not for \`${discoveryAudience}\``,
    "token: the token has expired": "it has",
    "token: token not accepted by the API server": "its pod is gone, or somebody made it up",
    "token: token of no ServiceAccount": "it is a user's",
    "token: token bound to no pod": "somebody asked for it by hand",
    "token not checked": "the API server could not be asked",
  } satisfies Record<`token: ${RefusalReason | "no token"}` | "token not checked", string>,
};

const valueTable = markdownTable(
  ["label", "values"],
  Object.entries(closedLists).map(([label, values]) => [
    label,
    Object.entries(values)
      .map(([value, meaning]) => `${markdownCode(value)}: ${meaning}`)
      .join("<br>"),
  ]),
);

const permissionTable = markdownTable(
  ["where", "API group", "resources", "only", "verbs", "why"],
  controllerPermissions.map((permission: Permission) => [
    permission.namespaced ? "Role" : "ClusterRole",
    permission.apiGroups.map((group) => (group === "" ? "core" : markdownCode(group))).join(", "),
    permission.resources.map(markdownCode).join(", "),
    (permission.resourceNames ?? []).map(markdownCode).join(", "),
    permission.verbs.join(", "),
    permission.why,
  ]),
);

/** What the example shows: two replicas, and a sidecar that refuses something. */
const answers: readonly ReplicaAnswer[] = [
  replica("eastbound-controller-7d9c5b6f4-2xkqp", [sidecar("cart-5c8f9d7b6-lq2vz", "worker-1", 11_520_000)]),
  replica("eastbound-controller-7d9c5b6f4-9hjtw", [
    sidecar("web-6b7d8c9f5-pp4rm", "worker-2", 754_000, {
      reason: "routes[0].rules[0].matches[0].path: must have at most 8192 characters",
      ageMs: 42_000,
      names: ["10.96.0.17:80"],
    }),
  ]),
];

function replica(
  controller: string,
  sidecars: Extract<ReplicaAnswer, { kind: "answered" }>["report"]["sidecars"],
): ReplicaAnswer {
  return { kind: "answered", source: controller, report: { controller, sidecars } };
}

function sidecar(
  pod: string,
  node: string,
  connectedForMs: number,
  refusal?: { readonly reason: string; readonly ageMs: number; readonly names: readonly string[] },
) {
  const state: SyncState = refusal === undefined ? "in-sync" : "refused";
  return {
    namespace: "shop",
    pod,
    node,
    serviceAccount: "default",
    client: { id: pod, version: "eastbound 0.1.0" },
    connectedForMs,
    types: [
      { type: "Self", state: "in-sync", resources: 1 },
      { type: "Backend", state: "in-sync", resources: 9 },
      {
        type: "Frontend",
        state,
        resources: 4,
        ...(refusal !== undefined && { forMs: refusal.ageMs, lastRefusal: refusal }),
      },
    ],
  } as const;
}

const code = (text: string): string => `\n\`\`\`text\n${text}\`\`\`\n\n`;

describe("docs/controller.md", () => {
  const sections = [
    { name: "flags", is: flagTable({ ...controllerFlags, ...generalSettings }) },
    { name: "permissions", is: permissionTable },
    { name: "metrics", is: metricTable },
    { name: "values", is: valueTable },
    { name: "status-flags", is: flagTable({ ...statusFlags, ...generalSettings }) },
    { name: "status-terminal", is: code(renderStatus(meshStatus(answers), textStyle(false))) },
    { name: "status-plain", is: code(plainStatus(meshStatus(answers))) },
  ];
  for (const { name, is } of sections) {
    it(`has the ${name} of the program (UPDATE_GOLDEN=1 writes them)`, () => {
      assert.equal(documentSection(path, name, is), is);
    });
  }

  it("has every family that is exposed", () => {
    assert.deepEqual(
      families.map(({ spec }) => spec.name),
      registry.families().map(({ spec }) => spec.name),
    );
  });

  it("names what the program names", () => {
    const text = readFileSync(path, "utf8");
    for (const name of [trustSecretName, bundleMapName, discoveryAudience]) {
      assert.ok(text.includes(`\`${name}\``), name);
    }
  });
});
