import assert from "node:assert/strict";
import type { Backend } from "../../../src/binding/backend.ts";
import type { Frontend } from "../../../src/binding/frontend.ts";
import { contentVersion } from "../../../src/discovery/content-version.ts";
import { decodeBackend } from "../../../src/discovery/encoding/decode-backend.ts";
import { decodeFrontend } from "../../../src/discovery/encoding/decode-frontend.ts";
import { encodeBackend } from "../../../src/discovery/encoding/encode-backend.ts";
import { encodeFrontend } from "../../../src/discovery/encoding/encode-frontend.ts";

const endpoint = { port: 8080, isReady: true, isServing: true, isTerminating: false, hintNodes: [] } as const;

const backend: Backend = {
  name: "shop/cart:80",
  namespace: "shop",
  service: "cart",
  port: 80,
  clusterIPs: ["10.96.0.1", "fd00::1"],
  protocol: "http",
  endpoints: [
    { ...endpoint, address: "10.1.0.1", family: 4, hintZones: ["eu-1a"] },
    { ...endpoint, address: "10.1.2.3", family: 4, hintZones: ["eu-1b"], port: 8081 },
    {
      ...endpoint,
      address: "10.1.2.4",
      family: 4,
      hintZones: ["eu-1a"],
      isReady: false,
      isTerminating: true,
    },
    { ...endpoint, address: "fd00:1::9", family: 6, hintZones: ["eu-1a"] },
  ],
  trafficDistribution: "PreferSameZone",
  internalTrafficPolicy: "Cluster",
  sessionAffinity: { kind: "ClientIP", timeoutSeconds: 600 },
};

const target = { kind: "Backend", name: "shop/cart-v2:80" } as const;
const headers = { set: [{ name: "X-A", value: "1" }], add: [], remove: ["x-b"] };

const frontend: Frontend = {
  name: "10.96.0.1:80",
  address: "10.96.0.1",
  port: 80,
  service: { namespace: "shop", name: "cart" },
  protocol: "http",
  backend: "shop/cart:80",
  routes: {
    kind: "HTTPRoute",
    scope: { kind: "consumer", namespace: "test" },
    routes: [
      {
        namespace: "test",
        name: "split",
        rules: [
          {
            index: 1,
            name: "first",
            matches: [
              {
                path: { kind: "Exact", value: "/a" },
                headers: [{ kind: "RegularExpression", name: "x-c", value: "v.*" }],
                queryParams: [{ kind: "Exact", name: "q", value: "1" }],
                method: "GET",
              },
            ],
            filters: [
              { kind: "RequestHeaderModifier", headers },
              { kind: "RequestMirror", target, fraction: { numerator: 1, denominator: 10 } },
            ],
            backends: [
              { target, weight: 9, filters: [] },
              {
                target: { kind: "Invalid", reason: "BackendNotFound", message: "no such Service" },
                weight: 1,
                filters: [{ kind: "ResponseHeaderModifier", headers }],
              },
            ],
            timeouts: { requestMs: 1500 },
            retry: { codes: [503], attempts: 2, backoffMs: 25 },
          },
          {
            index: 2,
            matches: [{ path: { kind: "PathPrefix", value: "/" }, headers: [], queryParams: [] }],
            filters: [
              {
                kind: "RequestRedirect",
                redirect: {
                  statusCode: 301,
                  scheme: "https",
                  path: { kind: "ReplaceFullPath", value: "/b" },
                },
              },
            ],
            backends: [],
            timeouts: {},
          },
        ],
      },
    ],
  },
};

/**
 * The bytes that version 0.1 writes. While they stay the same, a controller that is replaced by its next version has
 * nothing to send to anybody; where they must change, sidecars of the version before must still read them, and the
 * old bytes stay here to be read.
 */
const BYTES_OF_0_1 = {
  backend:
    "CAESBApgAAESEP0AAAAAAAAAAAAAAAAAAAEYASjYBDIFZXUtMWEyBWV1LTFiOgIKAUoHEgIAAUoBAUoKCJE/EgICA0oBAkoLEgICBCABMAFKAQFKFxIQ/QAAAQAAAAAAAAAAAAAACRgBSgEBUJA/",
  frontend:
    "CgRzaG9wEgRjYXJ0GAEq5AEIARIEdGVzdBrZAQoEdGVzdBIFc3BsaXQaqgEIARIFZmlyc3QaHwoECgIvYRIKCgN4LWMaA3YuKhoGCgFxEgExIgNHRVQiEQoPCggKA1gtQRIBMRoDeC1iIhkqFwoRCg9zaG9wL2NhcnQtdjI6ODAQARgKKhUKEQoPc2hvcC9jYXJ0LXYyOjgwEAkqLAoVEhMIAxIPbm8gc3VjaCBTZXJ2aWNlEAEaERIPCggKA1gtQRIBMRoDeC1iMNwLQggKAvcDEAIYGRodCAIaBQoDEgEvIhIaEAoFaHR0cHMiBAoCL2IorQI=",
};

describe("versions next to each other", () => {
  it("read and write the same Backends", () => {
    const bytes = encodeBackend(backend);
    assert.equal(Buffer.from(bytes).toString("base64"), BYTES_OF_0_1.backend);
    assert.deepEqual(decodeBackend(backend.name, Buffer.from(BYTES_OF_0_1.backend, "base64")), {
      kind: "ok",
      value: backend,
    });
  });

  it("read and write the same Frontends", () => {
    const bytes = encodeFrontend(frontend);
    assert.equal(Buffer.from(bytes).toString("base64"), BYTES_OF_0_1.frontend);
    assert.deepEqual(decodeFrontend(frontend.name, Buffer.from(BYTES_OF_0_1.frontend, "base64")), {
      kind: "ok",
      value: frontend,
    });
  });

  it("give the same versions", () => {
    assert.equal(contentVersion(Uint8Array.of(1, 2, 3)), "A5BYxvLAy0k");
  });
});
