import assert from "node:assert/strict";
import { parseEndpointSlice } from "../../src/resources/endpoint-slice.ts";
import { problemsOf, valueOf } from "./parsing.ts";

function slice(parts: object, labels: object = { "kubernetes.io/service-name": "shop" }): unknown {
  return { metadata: { name: "shop-x7k2p", namespace: "store", labels }, addressType: "IPv4", ...parts };
}

describe("parseEndpointSlice", () => {
  it("takes a zone or node that none can be called for none", () => {
    const long = "z".repeat(254);
    const { endpoints } = valueOf(
      parseEndpointSlice(
        slice({
          endpoints: [
            { addresses: ["10.1.0.1"], zone: "", nodeName: "" },
            {
              addresses: ["10.1.0.2"],
              zone: long,
              nodeName: long,
              hints: { forZones: [{ name: long }, { name: "a" }], forNodes: [{ name: long }] },
            },
          ],
        }),
      ),
    );
    const places = endpoints.map(({ zone, node, hintZones, hintNodes }) => ({
      zone,
      node,
      hintZones,
      hintNodes,
    }));
    assert.deepEqual(places, [
      { zone: undefined, node: undefined, hintZones: [], hintNodes: [] },
      { zone: undefined, node: undefined, hintZones: ["a"], hintNodes: [] },
    ]);
  });

  it("reads ports, conditions, topology and hints", () => {
    const { meta, ...rest } = valueOf(
      parseEndpointSlice(
        slice({
          ports: [
            { name: "web", port: 8080, protocol: "TCP", appProtocol: "http" },
            { name: "", port: 53, protocol: "UDP" },
            { name: "any", port: null },
          ],
          endpoints: [
            {
              addresses: ["10.1.0.1"],
              conditions: { ready: true, serving: true, terminating: false },
              nodeName: "node-1",
              zone: "a",
              hints: { forZones: [{ name: "a" }, { name: "b" }], forNodes: [{ name: "node-1" }] },
              targetRef: { kind: "Pod", name: "shop-1" },
            },
            { addresses: ["10.1.0.2"], conditions: { ready: false, terminating: true } },
          ],
        }),
      ),
    );
    assert.equal(meta.namespace, "store");
    assert.deepEqual(rest, {
      kind: "EndpointSlice",
      serviceName: "shop",
      addressType: "IPv4",
      ports: [
        { name: "web", port: 8080, protocol: "TCP" },
        { name: "", port: 53, protocol: "UDP" },
      ],
      endpoints: [
        {
          addresses: ["10.1.0.1"],
          isReady: true,
          isServing: true,
          isTerminating: false,
          zone: "a",
          node: "node-1",
          hintZones: ["a", "b"],
          hintNodes: ["node-1"],
        },
        {
          addresses: ["10.1.0.2"],
          isReady: false,
          isServing: false,
          isTerminating: true,
          hintZones: [],
          hintNodes: [],
        },
      ],
    });
  });

  const conditions: readonly { given: unknown; ready: boolean; serving: boolean; terminating: boolean }[] = [
    { given: undefined, ready: true, serving: true, terminating: false },
    { given: {}, ready: true, serving: true, terminating: false },
    {
      given: { ready: null, serving: null, terminating: null },
      ready: true,
      serving: true,
      terminating: false,
    },
    { given: { ready: false }, ready: false, serving: false, terminating: false },
    {
      given: { ready: false, serving: true, terminating: true },
      ready: false,
      serving: true,
      terminating: true,
    },
    { given: { serving: false }, ready: true, serving: false, terminating: false },
  ];
  for (const { given, ready, serving, terminating } of conditions) {
    it(`takes conditions ${JSON.stringify(given)}`, () => {
      const parsed = valueOf(
        parseEndpointSlice(slice({ endpoints: [{ addresses: ["10.0.0.1"], conditions: given }] })),
      );
      assert.deepEqual(
        parsed.endpoints.map((e) => [e.isReady, e.isServing, e.isTerminating]),
        [[ready, serving, terminating]],
      );
    });
  }

  it("makes IPv6 addresses canonical", () => {
    const parsed = valueOf(
      parseEndpointSlice(slice({ addressType: "IPv6", endpoints: [{ addresses: ["FD00:0::0A"] }] })),
    );
    assert.deepEqual(parsed.endpoints[0]?.addresses, ["fd00::a"]);
  });

  it("keeps names as they are", () => {
    const parsed = valueOf(
      parseEndpointSlice(slice({ addressType: "FQDN", endpoints: [{ addresses: ["db.example.com"] }] })),
    );
    assert.deepEqual(parsed.endpoints[0]?.addresses, ["db.example.com"]);
  });

  it("may belong to no Service, and be empty", () => {
    const parsed = valueOf(parseEndpointSlice(slice({ endpoints: null, ports: null }, {})));
    assert.equal("serviceName" in parsed, false);
    assert.deepEqual([parsed.ports, parsed.endpoints], [[], []]);
  });

  const bad: readonly { name: string; object: unknown; problems: readonly string[] }[] = [
    {
      name: "an empty object",
      object: {},
      problems: ["metadata: is required", "addressType: is required"],
    },
    {
      name: "an unknown address type",
      object: slice({ addressType: "IPX" }),
      problems: ['addressType: must be one of IPv4, IPv6, FQDN, not "IPX"'],
    },
    {
      name: "ports and endpoints that are wrong",
      object: slice({
        ports: [{ port: 0 }, { name: "a", port: 1, protocol: "QUIC" }, "80"],
        endpoints: [
          { addresses: [] },
          { addresses: ["::1", "::ffff:10.0.0.1", "10.0.0", 4] },
          {},
          {
            addresses: ["10.0.0.1"],
            conditions: { ready: "true" },
            zone: 1,
            nodeName: [],
            hints: { forZones: ["a"], forNodes: [{ name: "" }] },
          },
        ],
      }),
      problems: [
        "ports[0].port: must be between 1 and 65535, not 0",
        'ports[1].protocol: must be one of TCP, UDP, SCTP, not "QUIC"',
        "ports[2]: must be an object, not a string",
        "endpoints[0].addresses: must have at least 1 item",
        'endpoints[1].addresses[0]: must be an IPv4 address, not "::1"',
        'endpoints[1].addresses[2]: must be an IPv4 address, not "10.0.0"',
        "endpoints[1].addresses[3]: must be a string, not a number",
        "endpoints[2].addresses: is required",
        "endpoints[3].conditions.ready: must be true or false, not a string",
        "endpoints[3].zone: must be a string, not a number",
        "endpoints[3].nodeName: must be a string, not a list",
        "endpoints[3].hints.forZones[0]: must be an object, not a string",
        "endpoints[3].hints.forNodes[0].name: must not be empty",
      ],
    },
    {
      name: "an IPv4 address in an IPv6 slice, and a bad name in one of names",
      object: slice({ addressType: "IPv6", endpoints: [{ addresses: ["10.0.0.1"] }] }),
      problems: ['endpoints[0].addresses[0]: must be an IPv6 address, not "10.0.0.1"'],
    },
  ];
  for (const { name, object, problems } of bad) {
    it(`refuses ${name}`, () => assert.deepEqual(problemsOf(parseEndpointSlice(object)), problems));
  }
});
