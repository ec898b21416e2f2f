import assert from "node:assert/strict";
import {
  classifyService,
  frontendProtocol,
  type MeshPort,
  whyUnroutable,
} from "../../../src/binding/services/mesh-service.ts";
import { OPAQUE_PORTS_ANNOTATION } from "../../../src/binding/services/opaque-ports.ts";
import type { ServicePort } from "../../../src/resources/service.ts";
import { service, servicePort } from "../build.ts";

function classifyOne(port: Partial<ServicePort>, optOut = ""): MeshPort {
  const annotations = { [OPAQUE_PORTS_ANNOTATION]: optOut };
  const [mesh] = classifyService(service({ meta: { annotations }, ports: [servicePort(port)] })).ports;
  assert.ok(mesh);
  return mesh;
}

describe("classifyService", () => {
  const ports = [
    servicePort({ name: "dns", port: 53, protocol: "UDP" }),
    servicePort({ name: "dns-tcp", port: 53 }),
    servicePort({ name: "web", port: 80 }),
    servicePort({ name: "sctp", port: 90, protocol: "SCTP" }),
  ];
  const namesOf = (mesh: { ports: readonly MeshPort[] }) => mesh.ports.map(({ port }) => port.name);

  it("keeps the TCP ports", () => {
    assert.deepEqual(namesOf(classifyService(service({ ports }))), ["dns-tcp", "web"]);
  });

  it("keeps the ports of a headless Service", () => {
    const mesh = classifyService(service({ ports, isHeadless: true, clusterIPs: [] }));
    assert.deepEqual(namesOf(mesh), ["dns-tcp", "web"]);
  });

  it("keeps none of an ExternalName Service", () => {
    assert.deepEqual(namesOf(classifyService(service({ ports, type: "ExternalName", clusterIPs: [] }))), []);
  });

  it("keeps the first of two TCP ports of one number, and reports it", () => {
    const mesh = classifyService(service({ ports: [...ports, servicePort({ name: "again", port: 80 })] }));
    assert.deepEqual(namesOf(mesh), ["dns-tcp", "web"]);
    assert.deepEqual(mesh.problems, ["TCP port 80 is listed twice; the first one counts"]);
  });

  const optOuts = [
    { annotation: "", optedOut: [], unknown: [] },
    { annotation: "all", optedOut: [53, 80], unknown: [] },
    { annotation: "80", optedOut: [80], unknown: [] },
    { annotation: "web", optedOut: [80], unknown: [] },
    { annotation: " dns-tcp , 80,", optedOut: [53, 80], unknown: [] },
    { annotation: "81,web,x", optedOut: [80], unknown: ["81", "x"] },
    { annotation: "8", optedOut: [], unknown: ["8"] },
    { annotation: "80-90", optedOut: [], unknown: ["80-90"] },
    { annotation: "true", optedOut: [], unknown: ["true"] },
  ];
  for (const { annotation, optedOut, unknown } of optOuts) {
    it(`reads the annotation "${annotation}"`, () => {
      const annotations = { [OPAQUE_PORTS_ANNOTATION]: annotation };
      const mesh = classifyService(service({ meta: { annotations }, ports }));
      const found = mesh.ports.filter(({ isOptedOut }) => isOptedOut).map(({ port }) => port.port);
      assert.deepEqual(found, optedOut);
      assert.deepEqual(
        mesh.problems,
        unknown.map((entry) => `annotation ${OPAQUE_PORTS_ANNOTATION}: the Service has no port "${entry}"`),
      );
    });
  }
});

describe("frontendProtocol", () => {
  const cases = [
    { name: "http by name", port: { name: "http" }, alone: "http", routed: "http" },
    {
      name: "http2 by appProtocol",
      port: { appProtocol: "kubernetes.io/h2c" },
      alone: "http",
      routed: "http",
    },
    { name: "websocket", port: { appProtocol: "kubernetes.io/ws" }, alone: "http", routed: "http" },
    { name: "undeclared", port: { name: "web" }, alone: "opaque", routed: "detect" },
    { name: "tls", port: { name: "https" }, alone: "opaque", routed: "opaque" },
    { name: "other", port: { name: "tcp" }, alone: "opaque", routed: "opaque" },
    { name: "opted out", port: { name: "http" }, optOut: "all", alone: "opaque", routed: "opaque" },
  ] as const;
  for (const c of cases) {
    it(`reads a port that is ${c.name} as ${c.alone}, and as ${c.routed} where it is routed`, () => {
      const port = classifyOne(c.port, "optOut" in c ? c.optOut : "");
      assert.equal(frontendProtocol(port, false), c.alone);
      assert.equal(frontendProtocol(port, true), c.routed);
    });
  }
});

describe("whyUnroutable", () => {
  const cases = [
    { port: { name: "http" }, why: undefined },
    { port: { name: "web" }, why: undefined },
    { port: { name: "https-api" }, why: 'declares "https" by its name' },
    { port: { name: "http", appProtocol: "TCP" }, why: 'declares appProtocol "TCP"' },
    {
      port: { name: "http" },
      optOut: "80",
      why: `is opted out by the annotation ${OPAQUE_PORTS_ANNOTATION}`,
    },
  ];
  for (const { port, optOut, why } of cases) {
    it(`says ${String(why)} of ${JSON.stringify(port)}`, () => {
      assert.equal(whyUnroutable(classifyOne(port, optOut)), why);
    });
  }
});
