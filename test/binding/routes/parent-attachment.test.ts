import assert from "node:assert/strict";
import { attachParents } from "../../../src/binding/routes/parent-attachment.ts";
import { OPAQUE_PORTS_ANNOTATION } from "../../../src/binding/services/opaque-ports.ts";
import type { ParentRef } from "../../../src/resources/http-route.ts";
import { meshServices, parent, route, service, servicePort } from "../build.ts";

const services = meshServices(
  service({
    ports: [
      servicePort({ name: "http", port: 80 }),
      servicePort({ name: "web", port: 81 }),
      servicePort({ name: "https", port: 443 }),
      servicePort({ name: "dns", port: 53, protocol: "UDP" }),
    ],
  }),
  service({ meta: { name: "headless" }, isHeadless: true, clusterIPs: [] }),
  service({ meta: { name: "outside" }, type: "ExternalName", clusterIPs: [] }),
  service({ meta: { name: "pending" }, clusterIPs: [] }),
  service({ meta: { name: "node" }, type: "NodePort", ports: [servicePort({ name: "", port: 9 })] }),
  service({ meta: { name: "balancer" }, type: "LoadBalancer" }),
  service({ meta: { name: "portless" }, ports: [] }),
  service({ meta: { name: "db" }, ports: [servicePort({ name: "main", port: 3306, appProtocol: "mysql" })] }),
  service({ meta: { name: "quiet", annotations: { [OPAQUE_PORTS_ANNOTATION]: "all" } } }),
);

const attach = (...parentRefs: readonly ParentRef[]) => attachParents(route({ parentRefs }), services);

interface Attached {
  readonly ref: Partial<ParentRef>;
  readonly service: string;
  readonly ports: readonly number[];
  readonly opaque?: readonly number[];
}

describe("attachParents", () => {
  const attached: readonly Attached[] = [
    { ref: {}, service: "shop/cart", ports: [80, 81], opaque: [443] },
    { ref: { group: "core" }, service: "shop/cart", ports: [80, 81], opaque: [443] },
    { ref: { namespace: "shop" }, service: "shop/cart", ports: [80, 81], opaque: [443] },
    { ref: { port: 80 }, service: "shop/cart", ports: [80] },
    { ref: { sectionName: "web" }, service: "shop/cart", ports: [81] },
    { ref: { port: 81, sectionName: "web" }, service: "shop/cart", ports: [81] },
    { ref: { name: "node" }, service: "shop/node", ports: [9] },
    { ref: { name: "balancer" }, service: "shop/balancer", ports: [80] },
  ];
  for (const c of attached) {
    it(`attaches ${JSON.stringify(c.ref)} to ${c.service}, ports ${c.ports.join()}`, () => {
      const [found, ...more] = attach(parent(c.ref));
      assert.deepEqual(more, []);
      assert.ok(found?.kind === "attached");
      assert.deepEqual(found.parentRef, parent(c.ref));
      assert.equal(found.service.key, c.service);
      assert.deepEqual(
        found.ports.map(({ port }) => port.port),
        c.ports,
      );
      assert.deepEqual(
        found.opaque.map(({ port }) => port.port.port),
        c.opaque ?? [],
      );
    });
  }

  const has = "it has 80 (http), 81 (web) and 443 (https)";
  const unmatched: readonly { ref: Partial<ParentRef>; message: string }[] = [
    { ref: { name: "nowhere" }, message: "Service shop/nowhere does not exist." },
    { ref: { namespace: "test" }, message: "Service test/cart does not exist." },
    {
      ref: { name: "headless" },
      message: "Service shop/headless is headless, so clients dial its pods and not a ClusterIP.",
    },
    {
      ref: { name: "outside" },
      message: "Service shop/outside is of type ExternalName, so clients do not dial it by a ClusterIP.",
    },
    { ref: { name: "pending" }, message: "Service shop/pending has no ClusterIP." },
    { ref: { port: 8080 }, message: `Service shop/cart has no TCP port 8080; ${has}.` },
    { ref: { port: 53 }, message: `Service shop/cart has no TCP port 53; ${has}.` },
    { ref: { sectionName: "api" }, message: `Service shop/cart has no TCP port named "api"; ${has}.` },
    {
      ref: { port: 80, sectionName: "web" },
      message: `Service shop/cart has no TCP port 80 named "web"; ${has}.`,
    },
    { ref: { name: "node", port: 1 }, message: "Service shop/node has no TCP port 1; it has 9." },
    { ref: { name: "portless" }, message: "Service shop/portless has no TCP port." },
    { ref: { name: "portless", port: 1 }, message: "Service shop/portless has no TCP port 1; it has none." },
    {
      ref: { port: 443 },
      message: 'Service shop/cart takes no routes: port 443 (https) declares "https" by its name.',
    },
    {
      ref: { name: "db" },
      message: 'Service shop/db takes no routes: port 3306 (main) declares appProtocol "mysql".',
    },
    {
      ref: { name: "quiet" },
      message: `Service shop/quiet takes no routes: port 80 (http) is opted out by the annotation ${OPAQUE_PORTS_ANNOTATION}.`,
    },
  ];
  for (const { ref, message } of unmatched) {
    it(`does not attach: ${message}`, () => {
      assert.deepEqual(attach(parent(ref)), [{ kind: "unmatched", parentRef: parent(ref), message }]);
    });
  }

  const foreign: readonly { name: string; ref: ParentRef }[] = [
    { name: "a Gateway by default", ref: { name: "cart" } },
    { name: "a Service of the default group", ref: { kind: "Service", name: "cart" } },
    { name: "a core object of the default kind", ref: { group: "", name: "cart" } },
    { name: "another kind", ref: parent({ kind: "Pod" }) },
    { name: "a ServiceImport", ref: parent({ group: "multicluster.x-k8s.io", kind: "ServiceImport" }) },
  ];
  for (const { name, ref } of foreign) {
    it(`leaves ${name} alone`, () => assert.deepEqual(attach(ref), []));
  }

  it("gives one entry for each parentRef, in their order, and one for what is written twice", () => {
    const refs = [
      parent({ port: 81 }),
      { name: "gateway" },
      parent({ port: 80 }),
      parent({ port: 81 }),
      parent(),
    ];
    assert.deepEqual(
      attach(...refs).map(({ parentRef }) => parentRef),
      [parent({ port: 81 }), parent({ port: 80 }), parent()],
    );
  });
});
