import assert from "node:assert/strict";
import fc from "fast-check";
import { selectCandidates } from "../../../src/balancing/candidates.ts";
import type { Backend, Endpoint } from "../../../src/binding/backend.ts";
import { decodeBackend } from "../../../src/discovery/encoding/decode-backend.ts";
import { encodeBackend } from "../../../src/discovery/encoding/encode-backend.ts";
import {
  Backend as BackendMessage,
  EndpointGroup,
} from "../../../src/discovery/generated/eastbound/discovery/v1/backend.ts";
import { backend } from "../arbitrary.ts";

/** The Backend without what can't matter to the choice of an endpoint, and so is not sent. */
function relevant(of: Backend): Backend {
  const { internalTrafficPolicy: policy, trafficDistribution: distribution } = of;
  const readyOf = (family: 4 | 6): Endpoint[] => of.endpoints.filter((e) => e.family === family && e.isReady);
  const lacksHints = ([4, 6] as const)
    .map(readyOf)
    .some((ready) => ready.length > 0 && ready.every((e) => e.hintZones.length + e.hintNodes.length === 0));
  const guesses = policy === "Cluster" && distribution !== undefined && lacksHints;
  const endpoints = of.endpoints.map(({ zone, node, hintZones, hintNodes, ...rest }) => ({
    ...rest,
    ...(guesses && zone !== undefined && { zone }),
    ...((policy === "Local" || (guesses && distribution === "PreferSameNode")) &&
      node !== undefined && { node }),
    hintZones: policy === "Local" ? [] : hintZones,
    hintNodes: policy === "Local" ? [] : hintNodes,
  }));
  return { ...of, endpoints };
}

function decoded(of: Backend): Backend {
  const result = decodeBackend(of.name, encodeBackend(of));
  assert.equal(result.kind, "ok");
  return result.value;
}

const plain: Backend = {
  name: "shop/cart:80",
  namespace: "shop",
  service: "cart",
  port: 80,
  clusterIPs: ["10.96.0.1"],
  protocol: "http",
  endpoints: [],
  internalTrafficPolicy: "Cluster",
  sessionAffinity: { kind: "None" },
};

function endpoint(of: Partial<Endpoint>): Endpoint {
  return {
    address: "10.1.0.1",
    port: 8080,
    family: 4,
    isReady: true,
    isServing: true,
    isTerminating: false,
    hintZones: [],
    hintNodes: [],
    ...of,
  };
}

describe("the encoding of Backends", () => {
  it("gives back all that matters", () => {
    fc.assert(
      fc.property(backend, (of) => {
        assert.deepEqual(decoded(of), relevant(of));
      }),
      { numRuns: 1000 },
    );
  });

  it("lets every client choose as it would have", () => {
    const locality = fc.record(
      {
        zone: fc.constantFrom("eu-1a", "eu-1b", "elsewhere"),
        node: fc.constantFrom("node-1", "node-2", "other"),
      },
      { requiredKeys: [] },
    );
    const choice = (of: Backend, family: 4 | 6, place: object): unknown => {
      const candidates = selectCandidates(of, family, place);
      if (candidates.kind === "none") return candidates;
      return { ...candidates, endpoints: candidates.endpoints.map((e) => `${e.address} ${e.port}`) };
    };
    fc.assert(
      fc.property(backend, fc.constantFrom<4 | 6>(4, 6), locality, (of, family, place) => {
        assert.deepEqual(choice(decoded(of), family, place), choice(of, family, place));
      }),
      { numRuns: 1000 },
    );
  });

  it("gives the same bytes for the same content", () => {
    fc.assert(
      fc.property(backend, (of) => {
        assert.deepEqual(encodeBackend(structuredClone(of)), encodeBackend(of));
        assert.deepEqual(encodeBackend(decoded(of)), encodeBackend(of));
      }),
    );
  });

  describe("is small", () => {
    const zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"];
    const many = (count: number, of: (n: number) => Partial<Endpoint>): Endpoint[] =>
      Array.from({ length: count }, (_, n) => endpoint(of(n)));
    const ipv4 = (n: number): string => `10.${n % 7}.${(n >> 5) & 255}.${n & 255}`;
    const ipv6 = (n: number): string => `2001:db8:1:${(n % 50) + 1}::${(n + 1).toString(16)}`;
    const zoneOf = (n: number): string => zones[n % 3] ?? "";
    const cases = [
      { name: "10 endpoints", bytes: 50, endpoints: many(10, (n) => ({ address: ipv4(n) })) },
      {
        name: "10 endpoints with hints",
        bytes: 130,
        endpoints: many(10, (n) => ({ address: ipv4(n), zone: zoneOf(n), hintZones: [zoneOf(n)] })),
      },
      {
        name: "1,000 endpoints with hints on 1,000 nodes",
        bytes: 3200,
        endpoints: many(1000, (n) => ({
          address: ipv4(n),
          zone: zoneOf(n),
          hintZones: [zoneOf(n)],
          node: `ip-10-0-${n}.compute.internal`,
        })),
      },
      {
        name: "1,000 endpoints of IPv6",
        bytes: 11_300,
        endpoints: many(1000, (n) => ({ address: ipv6(n), family: 6 })),
      },
      {
        name: "1,000 endpoints of which 100 nodes matter",
        bytes: 8000,
        policy: "Local" as const,
        endpoints: many(1000, (n) => ({ address: ipv4(n), node: `ip-10-0-${n % 100}.eu.compute.internal` })),
      },
    ];
    for (const { name, bytes, endpoints, policy = "Cluster" } of cases) {
      it(`${name}: at most ${bytes} bytes`, () => {
        const size = encodeBackend({ ...plain, internalTrafficPolicy: policy, endpoints }).length;
        assert.ok(size <= bytes, `${size} bytes`);
      });
    }
  });

  describe("refuses", () => {
    const group = (of: Partial<EndpointGroup>): EndpointGroup => ({
      ...EndpointGroup.decode(new Uint8Array()),
      port: 80,
      addresses: Uint8Array.of(10, 0, 0, 1),
      ...of,
    });
    const message = (of: Partial<BackendMessage>): Uint8Array =>
      BackendMessage.encode({ ...BackendMessage.decode(new Uint8Array()), ...of }).finish();
    const groups = (...of: Partial<EndpointGroup>[]): Uint8Array => message({ groups: of.map(group) });
    const mapped = Uint8Array.from([...Array<number>(10).fill(0), 255, 255, 1, 2, 3, 4]);
    const cases = [
      { name: "a name of another form", resource: "shop/cart", bytes: message({}), path: "name" },
      {
        name: "a port out of bounds in the name",
        resource: "shop/cart:65536",
        bytes: message({}),
        path: "name",
      },
      { name: "an invalid name", resource: "Shop/cart:80", bytes: message({}), path: "name" },
      { name: "no message", bytes: Uint8Array.of(10, 255, 255), path: "" },
      { name: "port 0", bytes: groups({ port: 0 }), path: "groups[0].port" },
      { name: "port 65536", bytes: groups({ port: 65_536 }), path: "groups[0].port" },
      {
        name: "port 65536 of all groups",
        bytes: message({ endpointPort: 65_536, groups: [group({ port: 0 })] }),
        path: "endpointPort",
      },
      { name: "no addresses", bytes: groups({ addresses: new Uint8Array() }), path: "groups[0].addresses" },
      {
        name: "half an address",
        bytes: groups({ addresses: new Uint8Array(6) }),
        path: "groups[0].addresses",
      },
      {
        name: "a prefix that is an address",
        bytes: message({ ipv4Prefix: new Uint8Array(4), groups: [group({})] }),
        path: "groups[0].addresses",
      },
      {
        name: "IPv4 mapped into IPv6",
        bytes: groups({ isIpv6: true, addresses: mapped }),
        path: "groups[0].addresses",
      },
      { name: "an endpoint twice", bytes: groups({}, { isNotReady: true }), path: "" },
      { name: "a zone that is not there", bytes: groups({ zone: 1 }), path: "groups[0].zone" },
      { name: "a hint that is not there", bytes: groups({ hintNodes: [0] }), path: "groups[0].hintNodes[0]" },
      { name: "an empty place", bytes: message({ places: [""] }), path: "places[0]" },
      {
        name: "a cluster IP of 5 bytes",
        bytes: message({ clusterIps: [new Uint8Array(5)] }),
        path: "clusterIps[0]",
      },
      { name: "a mapped cluster IP", bytes: message({ clusterIps: [mapped] }), path: "clusterIps[0]" },
      {
        name: "an affinity of 0 s",
        bytes: message({ clientIpAffinitySeconds: 0 }),
        path: "clientIpAffinitySeconds",
      },
      {
        name: "an unknown internalTrafficPolicy",
        bytes: Uint8Array.of((4 << 3) | 0, 9),
        path: "internalTrafficPolicy",
      },
      { name: "a field that must be known", bytes: Uint8Array.of(((60 << 3) & 0x7f) | 0x80, 3, 9), path: "" },
      {
        name: "a field of a group that must be known",
        bytes: message({
          groups: [{ ...group({}), _unknownFields: { [(60 << 3) | 0]: [Uint8Array.of(1)] } }],
        }),
        path: "groups[0]",
      },
      {
        name: "100,001 endpoints",
        bytes: message({
          ipv4Prefix: Uint8Array.of(10),
          groups: [group({ addresses: new Uint8Array(3 * 100_001) })],
        }),
        path: "groups[0].addresses",
      },
    ];
    for (const { name, resource = "shop/cart:80", bytes, path } of cases) {
      it(name, () => {
        const result = decodeBackend(resource, bytes);
        assert.equal(result.kind, "invalid");
        assert.deepEqual(
          result.problems.map((problem) => problem.path),
          [path],
        );
      });
    }
  });

  describe("of a newer controller", () => {
    it("takes an unknown protocol for none that could be spoken, and an unknown preference for none", () => {
      const result = decodeBackend("shop/cart:80", Uint8Array.of(1 << 3, 77, 3 << 3, 77));
      assert.deepEqual(result, {
        kind: "ok",
        value: { ...plain, clusterIPs: [], protocol: "other" },
      });
    });

    it("passes over a field that may be passed over", () => {
      const bytes = encodeBackend(plain);
      const tag = 100 << 3;
      const more = Uint8Array.from([...bytes, (tag & 0x7f) | 0x80, tag >> 7, 5]);
      assert.deepEqual(decodeBackend("shop/cart:80", more), { kind: "ok", value: plain });
    });
  });

  it("survives hostile bytes", () => {
    fc.assert(
      fc.property(backend, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), (of, edits) => {
        const bytes = Uint8Array.from(encodeBackend(of));
        for (const [at, value] of edits) bytes[at % bytes.length] = value;
        const result = decodeBackend(of.name, bytes);
        assert.ok(result.kind === "invalid" || result.value.name === of.name);
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        assert.ok(["ok", "invalid"].includes(decodeBackend("a/b:1", bytes).kind));
      }),
      { numRuns: 2000 },
    );
  });
});
