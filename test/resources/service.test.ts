import assert from "node:assert/strict";
import { parseService, type Service } from "../../src/resources/service.ts";
import { problemsOf, valueOf } from "./parsing.ts";

const none = Object.create(null) as Readonly<Record<string, string>>;

function service(spec: unknown, metadata: object = { name: "shop" }): unknown {
  return { apiVersion: "v1", kind: "Service", metadata, spec };
}

describe("parseService", () => {
  it("fills in what the API fills in", () => {
    const parsed = valueOf(parseService(service({ ports: [{ port: 80 }] })));
    assert.deepEqual(parsed, {
      kind: "Service",
      meta: {
        namespace: "default",
        name: "shop",
        creationTimestampMs: 0,
        generation: 0,
        labels: none,
        annotations: none,
      },
      type: "ClusterIP",
      clusterIPs: [],
      isHeadless: false,
      ports: [{ name: "", port: 80, protocol: "TCP" }],
      internalTrafficPolicy: "Cluster",
      sessionAffinity: { kind: "None" },
      publishNotReadyAddresses: false,
    });
  });

  it("reads every field that the mesh uses, and passes over the others", () => {
    const spec = {
      type: "LoadBalancer",
      clusterIP: "10.96.0.7",
      clusterIPs: ["10.96.0.7", "FD00::7"],
      ipFamilyPolicy: "PreferDualStack",
      selector: { app: "shop" },
      externalTrafficPolicy: "Local",
      internalTrafficPolicy: "Local",
      trafficDistribution: "PreferSameNode",
      sessionAffinity: "ClientIP",
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
      publishNotReadyAddresses: true,
      ports: [
        { name: "web", port: 80, protocol: "TCP", targetPort: "http", nodePort: 30_080, appProtocol: "http" },
        { name: "dns", port: 80, protocol: "UDP" },
      ],
      futureField: { anything: [1, null] },
    };
    const metadata = {
      name: "shop",
      namespace: "store",
      uid: "0",
      creationTimestamp: "2026-01-31T12:00:00Z",
      generation: 3,
      labels: { app: "shop" },
      annotations: { "proxy.eastbound.dev/skip": "1" },
    };
    const { meta, ...rest } = valueOf(parseService(service(spec, metadata)));
    assert.deepEqual(
      { ...meta, labels: { ...meta.labels }, annotations: { ...meta.annotations } },
      {
        namespace: "store",
        name: "shop",
        creationTimestampMs: Date.UTC(2026, 0, 31, 12),
        generation: 3,
        labels: { app: "shop" },
        annotations: { "proxy.eastbound.dev/skip": "1" },
      },
    );
    assert.deepEqual(rest, {
      kind: "Service",
      type: "LoadBalancer",
      clusterIPs: ["10.96.0.7", "fd00::7"],
      isHeadless: false,
      ports: [
        { name: "web", port: 80, protocol: "TCP", appProtocol: "http" },
        { name: "dns", port: 80, protocol: "UDP" },
      ],
      trafficDistribution: "PreferSameNode",
      internalTrafficPolicy: "Local",
      sessionAffinity: { kind: "ClientIP", timeoutSeconds: 60 },
      publishNotReadyAddresses: true,
    } satisfies Omit<Service, "meta">);
  });

  const good: readonly { name: string; spec: object; expect: Partial<Service> }[] = [
    {
      name: "one address, in clusterIP",
      spec: { clusterIP: "10.0.0.1" },
      expect: { clusterIPs: ["10.0.0.1"] },
    },
    { name: "one address, in clusterIPs", spec: { clusterIPs: ["::1"] }, expect: { clusterIPs: ["::1"] } },
    {
      name: "the same address in two spellings",
      spec: { clusterIP: "FD00:0::1", clusterIPs: ["fd00::1", "fd00:0:0::1"] },
      expect: { clusterIPs: ["fd00::1"] },
    },
    { name: "no address yet", spec: { clusterIP: "" }, expect: { clusterIPs: [], isHeadless: false } },
    { name: "a headless Service", spec: { clusterIP: "None" }, expect: { clusterIPs: [], isHeadless: true } },
    {
      name: "a headless Service as the API server returns it",
      spec: { clusterIP: "None", clusterIPs: ["None"] },
      expect: { clusterIPs: [], isHeadless: true },
    },
    {
      name: "an ExternalName Service, whatever address it has",
      spec: { type: "ExternalName", externalName: "example.com", clusterIP: "None" },
      expect: { type: "ExternalName", clusterIPs: [], isHeadless: false, ports: [] },
    },
    {
      name: "PreferClose, the older name of PreferSameZone",
      spec: { trafficDistribution: "PreferClose" },
      expect: { trafficDistribution: "PreferSameZone" },
    },
    {
      name: "PreferSameZone",
      spec: { trafficDistribution: "PreferSameZone" },
      expect: { trafficDistribution: "PreferSameZone" },
    },
    {
      name: "session affinity without a timeout",
      spec: { sessionAffinity: "ClientIP" },
      expect: { sessionAffinity: { kind: "ClientIP", timeoutSeconds: 10_800 } },
    },
    {
      name: "an only port with an empty name",
      spec: { ports: [{ name: "", port: 1 }] },
      expect: { ports: [{ name: "", port: 1, protocol: "TCP" }] },
    },
  ];
  for (const { name, spec, expect } of good) {
    it(`takes ${name}`, () => {
      assert.partialDeepStrictEqual(valueOf(parseService(service(spec))), expect);
    });
  }

  it("takes an unknown trafficDistribution for none", () => {
    const parsed = valueOf(parseService(service({ trafficDistribution: "PreferSameRack" })));
    assert.equal("trafficDistribution" in parsed, false);
  });

  const bad: readonly { name: string; object: unknown; problems: readonly string[] }[] = [
    { name: "something that is no object", object: 7, problems: [": must be an object, not a number"] },
    { name: "an empty object", object: {}, problems: ["metadata: is required", "spec: is required"] },
    {
      name: "metadata of wrong types",
      object: service(
        {},
        {
          name: 1,
          namespace: "Store",
          labels: [],
          annotations: { a: 1 },
          generation: -1,
          creationTimestamp: 5,
        },
      ),
      problems: [
        "metadata.name: must be a string, not a number",
        "metadata.creationTimestamp: must be a time such as 2026-01-31T12:00:00Z, not a number",
        "metadata.generation: must be 0 or more, not -1",
        "metadata.labels: must be an object, not a list",
        "metadata.annotations.a: must be a string, not a number",
        'metadata.namespace: must be a lower-case DNS label (a-z, 0-9, -), not "Store"',
      ],
    },
    {
      name: "a name that is no DNS label, and a time that is none",
      object: service({}, { name: "shop.store", creationTimestamp: "yesterday" }),
      problems: [
        'metadata.name: must be a lower-case DNS label (a-z, 0-9, -), not "shop.store"',
        "metadata.creationTimestamp: must be a time such as 2026-01-31T12:00:00Z",
      ],
    },
    {
      name: "a time that no calendar has",
      object: service({}, { name: "shop", creationTimestamp: "2026-13-31T12:00:00Z" }),
      problems: ["metadata.creationTimestamp: must be a time such as 2026-01-31T12:00:00Z"],
    },
    {
      name: "unknown words of closed lists",
      object: service({ type: "Internal", internalTrafficPolicy: "Zone", sessionAffinity: "Cookie" }),
      problems: [
        'spec.type: must be one of ClusterIP, NodePort, LoadBalancer, ExternalName, not "Internal"',
        'spec.internalTrafficPolicy: must be one of Cluster, Local, not "Zone"',
        'spec.sessionAffinity: must be one of None, ClientIP, not "Cookie"',
      ],
    },
    {
      name: "addresses that are none",
      object: service({ clusterIP: "10.0.0.300", clusterIPs: ["10.0.0.300", "example.com", 4] }),
      problems: [
        'spec.clusterIPs[0]: must be an IP address, not "10.0.0.300"',
        'spec.clusterIPs[1]: must be an IP address, not "example.com"',
        "spec.clusterIPs[2]: must be a string, not a number",
        'spec.clusterIP: must be an IP address, not "10.0.0.300"',
      ],
    },
    {
      name: "addresses that contradict each other",
      object: service({ clusterIP: "10.0.0.1", clusterIPs: ["10.0.0.2", "None"] }),
      problems: [
        "spec.clusterIP: must be the same as the first of clusterIPs",
        "spec.clusterIPs: must have no other item beside None",
      ],
    },
    {
      name: "ports that are wrong",
      object: service({
        ports: [
          { name: "a", port: 0 },
          { name: "b", port: 65_536 },
          { name: "c", port: "80" },
          { name: "Web_1", port: 1, protocol: "tcp", appProtocol: "" },
          80,
          {},
        ],
      }),
      problems: [
        "spec.ports[0].port: must be between 1 and 65535, not 0",
        "spec.ports[1].port: must be between 1 and 65535, not 65536",
        "spec.ports[2].port: must be a number, not a string",
        'spec.ports[3].name: must be a lower-case DNS label (a-z, 0-9, -), not "Web_1"',
        'spec.ports[3].protocol: must be one of TCP, UDP, SCTP, not "tcp"',
        "spec.ports[3].appProtocol: must not be empty",
        "spec.ports[4]: must be an object, not a number",
        "spec.ports[5].port: is required",
      ],
    },
    {
      name: "ports that can't be told apart",
      object: service({
        ports: [{ port: 80 }, { port: 81 }, { name: "a", port: 80 }, { name: "a", port: 82 }],
      }),
      problems: [
        "spec.ports[1]: has the same name as item 0",
        "spec.ports[3]: has the same name as item 2",
        "spec.ports[2]: has the same port and protocol as item 0",
      ],
    },
    {
      name: "an affinity timeout that is out of range",
      object: service({
        sessionAffinity: "ClientIP",
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 86_401 } },
        publishNotReadyAddresses: "yes",
        trafficDistribution: 1,
      }),
      problems: [
        "spec.trafficDistribution: must be a string, not a number",
        "spec.sessionAffinityConfig.clientIP.timeoutSeconds: must be between 1 and 86400, not 86401",
        "spec.publishNotReadyAddresses: must be true or false, not a string",
      ],
    },
  ];
  for (const { name, object, problems } of bad) {
    it(`refuses ${name}`, () => assert.deepEqual(problemsOf(parseService(object)), problems));
  }
});
