import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { EndpointState } from "../src/balancing/endpoint-set.ts";
import { FAILURES } from "../src/proxy/failure.ts";
import type { MirrorResult, PassthroughReason, ResendReason, UnknownReason } from "../src/proxy/ports.ts";
import { accessLogLine, encodeAccessLogTarget } from "../src/telemetry/access-log.ts";
import { createDiscoveryMetrics } from "../src/telemetry/discovery-metrics.ts";
import { MetricRegistry } from "../src/telemetry/metric-registry.ts";
import {
  type ConnectionProtocol,
  createProxyMetrics,
  type Direction,
} from "../src/telemetry/proxy-metrics.ts";
import { documentSection, markdownCode, markdownTable } from "./support/document-section.ts";

const path = join(import.meta.dirname, "../docs/metrics.md");

interface Family {
  readonly kind: string;
  readonly spec: {
    readonly name: string;
    readonly help: string;
    readonly labelNames: readonly string[];
    readonly bounds?: readonly number[];
  };
}

const registry = new MetricRegistry();
const proxyMetrics = createProxyMetrics(registry);
const families = [
  ...Object.values<Family>({ ...proxyMetrics }),
  ...Object.values<Family>({ ...createDiscoveryMetrics(registry) }),
];

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
  "`reason` of `eastbound_resends_total`": {
    connect_failure: "no connection to the endpoint that was tried before",
    cluster_ip:
      "to the Service's own address, because no endpoint could be connected to, or because the controller could not be reached for too long",
    reused_connection_closed: "the endpoint closed a kept connection before it answered",
    retry_status: "the rule's `retry` asks for another try after this status",
    retry_timeout: "the rule's `retry` asks for another try after `timeouts.backendRequest`",
  } satisfies Record<ResendReason, string>,
  "`reason` of `eastbound_passthrough_connections_total`": {
    unknown_destination: "no Service has the address (reset, not passed through, with `--capture listen`)",
    not_learned:
      "the controller did not say in time whose address it is, can't be reached, or too many waited for that",
    unreadable_destination: "the kernel did not say where the connection was going; closed",
    loop: "the connection was made to the listener itself; closed",
  } satisfies Record<PassthroughReason, string>,
  "`result` of `eastbound_mirrored_requests_total`": {
    sent: "the mirror backend answered, whatever it said",
    failed: "it had no endpoint, or did not answer in time",
    dropped:
      "not sent whole: it took the copy too slowly or has too much under way, the request itself broke off, or it can't be copied (an upgrade)",
  } satisfies Record<MirrorResult, string>,
  "`protocol`": {
    http1: "parsed and routed",
    http2: "HTTP/2 on an HTTP port, forwarded as bytes in this version",
    opaque: "forwarded as bytes",
    passthrough: "none in this version: see `eastbound_passthrough_connections_total`",
  } satisfies Record<ConnectionProtocol, string>,
  "`direction`": {
    sent: "by the client",
    received: "by the client",
  } satisfies Record<Direction, string>,
  "`state` of `eastbound_endpoints`": {
    available: "requests go to it",
    ejected: "avoided for a while, because connections to it failed",
    standby: "could serve, and others are preferred (zone, node, or it is terminating)",
    unready: "not ready",
  } satisfies Record<EndpointState, string>,
  "`result` of `eastbound_source_reloads_total`": {
    success: "everything is in force as written",
    partial: "something is not",
  },
  "`result` of `eastbound_discovery_connections_total`": {
    established: "the controller took it",
    lost: "it ended after that, as when the controller asked to go to another replica",
    failed: "it could not be had",
  },
  "`result` of `eastbound_discovery_resources_total`": {
    accepted: "it is in force, or will be when what it names is known",
    rejected: "it can't be used, which the controller was told (NACK); what was there before stays in force",
  },
  "`kind` of `eastbound_discovery_known`": {
    frontend: "addresses and ports of Services",
    backend: "Service ports that these, or their routes, send to",
  },
  "`result` of `eastbound_discovery_learning_seconds`": {
    learned: "it is a Service port, and served as such",
    unknown_destination: "no Service has the address",
    not_learned: "nobody said so in time",
  } satisfies Record<"learned" | UnknownReason, string>,
  "`result` of `eastbound_discovery_snapshot_writes_total`": {
    success: "it is whole and on disk",
    failure: "the one before is still there, if there was one",
  },
};

const valueTable = markdownTable(
  ["label", "values"],
  [
    ...Object.entries(closedLists).map(([label, values]) => [
      label,
      Object.entries(values)
        .map(([value, meaning]) => `${markdownCode(value)}: ${meaning}`)
        .join("<br>"),
    ]),
    ["`kind` of `eastbound_request_failures_total`", Object.keys(FAILURES).map(markdownCode).join(", ")],
  ],
);

/** In the order of a line. */
const accessLogFields: readonly (readonly [field: string, meaning: string])[] = [
  ["time", "when the request's first byte came, in UTC"],
  ["service", "`namespace/name:port` of the Service that was dialled"],
  ["route", "`namespace/name` of the route that decided"],
  ["rule", "the rule's name in it, else its index"],
  ["backend", "`namespace/name:port` that the rule chose"],
  ["endpoint", "`IP:port` of the endpoint that answered, else of the last one tried"],
  ["protocol", "what the client speaks: `http1`"],
  ["method", "as the client sent it"],
  ["path", "as the client sent it, with the query"],
  ["host", "the Host header"],
  ["status", "what the client got; absent if it was gone before"],
  ["grpc_status", "likewise, for gRPC"],
  [
    "failure",
    "the kind of failure where the sidecar answered itself or broke off, as in `eastbound_request_failures_total`",
  ],
  ["tries", "endpoints that the request was given to"],
  ["bytes_received", "of the request's body"],
  ["bytes_sent", "of the response's body"],
  ["duration_ms", "first byte of the request to last byte of the response"],
  ["upstream_ms", "request given to the endpoint to head of its response, of the last try"],
  ["trace_id", "of the W3C trace context"],
];

const line = accessLogLine({
  timeMs: 0,
  target: encodeAccessLogTarget({ service: "s", route: "r", rule: "0", backend: "b" }),
  endpoint: "e",
  protocol: "http1",
  method: "GET",
  path: "/",
  host: "h",
  status: 200,
  grpcStatus: 0,
  failure: "timeout",
  tries: 1,
  bytesReceived: 0,
  bytesSent: 0,
  durationMs: 1,
  upstreamMs: 1,
  traceId: "t",
});

describe("docs/metrics.md", () => {
  const sections = [
    { name: "metrics", is: metricTable },
    { name: "values", is: valueTable },
    {
      name: "access-log",
      is: markdownTable(
        ["field", "meaning"],
        accessLogFields.map(([field, meaning]) => [markdownCode(field), meaning]),
      ),
    },
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

  it("has the fields of the access log, in their order", () => {
    assert.deepEqual(
      accessLogFields.map(([field]) => field),
      Object.keys(JSON.parse(line) as object),
    );
  });

  it("asks in its queries for metrics and labels that there are", () => {
    const names = new Set(families.flatMap(({ spec }) => [spec.name, `${spec.name}_bucket`]));
    const labels = new Set<string>(["le", ...families.flatMap(({ spec }) => spec.labelNames)]);
    const queries = readFileSync(path, "utf8").split("## Queries")[1]?.split("## Access log")[0] ?? "";
    const asked = queries.match(/eastbound_\w+/g) ?? [];
    const by = [...queries.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(/,\s*/));
    const selected = [...queries.matchAll(/[{ ](\w+)=~?"/g)].map(([, label = ""]) => label);
    assert.ok(asked.length >= 8 && by.length >= 8 && selected.length >= 4);
    assert.deepEqual(
      asked.filter((name) => !names.has(name)),
      [],
    );
    assert.deepEqual(
      [...by, ...selected].filter((label) => !labels.has(label)),
      [],
    );
  });

  it("counts the series of a histogram", () => {
    const { bounds } = proxyMetrics.requestDuration.spec;
    assert.ok(readFileSync(path, "utf8").includes(`(a histogram is ${bounds.length + 3})`));
  });
});
