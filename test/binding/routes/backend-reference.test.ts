import assert from "node:assert/strict";
import { resolveBackend } from "../../../src/binding/routes/backend-reference.ts";
import { indexGrants } from "../../../src/binding/routes/reference-grants.ts";
import type { BackendObjectReference } from "../../../src/resources/http-route.ts";
import type { ReferenceGrant } from "../../../src/resources/reference-grant.ts";
import { grant, meshServices, meta, reference, service, servicePort } from "../build.ts";

const services = meshServices(
  service({
    ports: [
      servicePort({ name: "http", port: 80 }),
      servicePort({ name: "dns", port: 53, protocol: "UDP" }),
      servicePort({ name: "tcp-web", port: 81 }),
      servicePort({ name: "https", port: 443 }),
      servicePort({ name: "plain", port: 82, appProtocol: "tcp" }),
      servicePort({ name: "secure", port: 444, appProtocol: "kubernetes.io/wss" }),
      servicePort({ name: "h2c", port: 83, appProtocol: "kubernetes.io/h2c" }),
      servicePort({ name: "ws", port: 84, appProtocol: "kubernetes.io/ws" }),
    ],
  }),
  service({ meta: { name: "headless" }, isHeadless: true, clusterIPs: [] }),
  service({ meta: { name: "outside" }, type: "ExternalName", clusterIPs: [] }),
  service({ meta: { name: "portless" }, isHeadless: true, clusterIPs: [], ports: [] }),
);

const resolve = (
  ref: Partial<BackendObjectReference>,
  from = "shop",
  strictGrants = false,
  grants: readonly ReferenceGrant[] = [],
) => resolveBackend(reference(ref), from, { services, grants: indexGrants(grants), strictGrants });

interface ValidReference {
  readonly name: string;
  readonly ref: Partial<BackendObjectReference>;
  readonly from?: string;
  readonly backend: string;
}

interface InvalidReference {
  readonly ref: Partial<BackendObjectReference>;
  readonly from?: string;
  readonly reason: string;
  readonly message: string;
}

describe("resolveBackend", () => {
  const valid: readonly ValidReference[] = [
    { name: "in the route's namespace", ref: {}, backend: "shop/cart:80" },
    { name: "that writes the core group out", ref: { group: "core" }, backend: "shop/cart:80" },
    { name: "to a headless Service", ref: { name: "headless" }, backend: "shop/headless:80" },
    { name: "into another namespace", ref: { namespace: "shop" }, from: "test", backend: "shop/cart:80" },
    { name: "to a port that is tcp by its name only", ref: { port: 81 }, backend: "shop/cart:81" },
    { name: "to a port that is https by its name only", ref: { port: 443 }, backend: "shop/cart:443" },
    { name: "to an h2c port", ref: { port: 83 }, backend: "shop/cart:83" },
    { name: "to a WebSocket port", ref: { port: 84 }, backend: "shop/cart:84" },
  ];
  for (const { name, ref, from, backend } of valid) {
    it(`resolves a reference ${name}`, () => {
      assert.deepEqual(resolve(ref, from), { kind: "Backend", name: backend });
    });
  }

  const all = "80 (http), 81 (tcp-web), 443 (https), 82 (plain), 444 (secure), 83 (h2c) and 84 (ws)";
  const invalid: readonly InvalidReference[] = [
    {
      ref: { group: "example.com", kind: "Backend" },
      reason: "InvalidKind",
      message: 'Backend.example.com "cart" is not a Service',
    },
    { ref: { kind: "Pod" }, reason: "InvalidKind", message: 'Pod "cart" is not a Service' },
    {
      ref: { group: "multicluster.x-k8s.io" },
      reason: "InvalidKind",
      message: 'Service.multicluster.x-k8s.io "cart" is not a Service',
    },
    {
      ref: { name: "outside" },
      reason: "InvalidKind",
      message: "Service shop/outside is of type ExternalName and has no endpoints",
    },
    { ref: { name: "nowhere" }, reason: "BackendNotFound", message: "Service shop/nowhere does not exist" },
    { ref: {}, from: "test", reason: "BackendNotFound", message: "Service test/cart does not exist" },
    {
      ref: { port: 8080 },
      reason: "BackendNotFound",
      message: `Service shop/cart has no TCP port 8080; it has ${all}`,
    },
    {
      ref: { port: 53 },
      reason: "BackendNotFound",
      message: `Service shop/cart has no TCP port 53; it has ${all}`,
    },
    {
      ref: { name: "portless" },
      reason: "BackendNotFound",
      message: "Service shop/portless has no TCP port 80; it has none",
    },
    {
      ref: { port: 82 },
      reason: "UnsupportedProtocol",
      message:
        'port 82 of Service shop/cart declares appProtocol "tcp", which an HTTPRoute can\'t be sent to',
    },
    {
      ref: { port: 444 },
      reason: "UnsupportedProtocol",
      message:
        'port 444 of Service shop/cart declares appProtocol "kubernetes.io/wss", which an HTTPRoute can\'t be sent to',
    },
  ];
  for (const { ref, from, reason, message } of invalid) {
    it(`answers ${reason}: ${message}`, () => {
      assert.deepEqual(resolve(ref, from), { kind: "Invalid", reason, message });
    });
  }

  it("answers BackendNotFound to a reference without a port", () => {
    const { port: _, ...ref } = reference();
    const scope = { services, grants: indexGrants([]), strictGrants: false };
    assert.deepEqual(resolveBackend(ref, "shop", scope), {
      kind: "Invalid",
      reason: "BackendNotFound",
      message: "the reference to Service shop/cart names no port",
    });
  });
});

describe("resolveBackend with strict grants", () => {
  const from = { group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "test" };
  const cases: readonly { name: string; grants: readonly ReferenceGrant[]; isGranted: boolean }[] = [
    { name: "without a grant", grants: [], isGranted: false },
    { name: "with a grant for all Services", grants: [grant()], isGranted: true },
    {
      name: "with a grant for the Service",
      grants: [grant({ to: [{ group: "", kind: "Service", name: "cart" }] })],
      isGranted: true,
    },
    {
      name: "with one of several grants",
      grants: [grant({ to: [] }), grant({ from: [{ ...from, namespace: "other" }, from] })],
      isGranted: true,
    },
    {
      name: "with a grant for another Service",
      grants: [grant({ to: [{ group: "", kind: "Service", name: "other" }] })],
      isGranted: false,
    },
    {
      name: "with a grant for another kind",
      grants: [grant({ to: [{ group: "", kind: "Secret" }] })],
      isGranted: false,
    },
    {
      name: "with a grant in the route's namespace",
      grants: [grant({ meta: meta({ namespace: "test" }) })],
      isGranted: false,
    },
    {
      name: "with a grant to another namespace",
      grants: [grant({ from: [{ ...from, namespace: "other" }] })],
      isGranted: false,
    },
    {
      name: "with a grant to another kind of route",
      grants: [grant({ from: [{ ...from, kind: "GRPCRoute" }] })],
      isGranted: false,
    },
    {
      name: "with a grant to another group",
      grants: [grant({ from: [{ ...from, group: "example.com" }] })],
      isGranted: false,
    },
  ];
  for (const { name, grants, isGranted } of cases) {
    it(`${isGranted ? "lets" : "does not let"} a reference into another namespace pass ${name}`, () => {
      const target = resolve({ namespace: "shop" }, "test", true, grants);
      const refused = {
        kind: "Invalid",
        reason: "RefNotPermitted",
        message:
          "no ReferenceGrant in namespace shop lets HTTPRoutes of namespace test refer to Service shop/cart",
      };
      assert.deepEqual(target, isGranted ? { kind: "Backend", name: "shop/cart:80" } : refused);
    });
  }

  it("needs no grant inside a namespace", () => {
    assert.equal(resolve({ namespace: "shop" }, "shop", true).kind, "Backend");
  });

  it("does not tell what exists where nothing is granted", () => {
    const target = resolve({ namespace: "shop", name: "nowhere" }, "test", true);
    assert.equal(target.kind === "Invalid" && target.reason, "RefNotPermitted");
  });
});
