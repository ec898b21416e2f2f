import assert from "node:assert/strict";
import * as fc from "fast-check";
import { resolveEndpoints } from "../../../src/binding/services/endpoints.ts";
import type { SliceEndpoint } from "../../../src/resources/endpoint-slice.ts";
import { endpointSlice, service, servicePort, sliceEndpoint } from "../build.ts";

const addressesOf = (endpoints: readonly { address: string; port: number }[]) =>
  endpoints.map(({ address, port }) => `${address} ${port}`);

describe("resolveEndpoints", () => {
  it("gives all that balancing needs", () => {
    const endpoint = sliceEndpoint("10.1.0.1", {
      isReady: false,
      isTerminating: true,
      zone: "a",
      node: "n",
      hintZones: ["a", "b"],
      hintNodes: ["n"],
    });
    const slices = [endpointSlice({ endpoints: [endpoint] })];
    assert.deepEqual(resolveEndpoints(service(), servicePort(), slices), [
      {
        address: "10.1.0.1",
        port: 8080,
        family: 4,
        isReady: false,
        isServing: true,
        isTerminating: true,
        zone: "a",
        node: "n",
        hintZones: ["a", "b"],
        hintNodes: ["n"],
      },
    ]);
  });

  it("leaves out what an endpoint does not say", () => {
    const [endpoint = {}] = resolveEndpoints(service(), servicePort(), [endpointSlice()]);
    assert.deepEqual(Object.keys(endpoint), [
      "address",
      "port",
      "family",
      "isReady",
      "isServing",
      "isTerminating",
      "hintZones",
      "hintNodes",
    ]);
  });

  it("has none without slices", () => {
    assert.deepEqual(resolveEndpoints(service(), servicePort(), []), []);
  });

  it("takes the slice ports of the Service port's name, with each slice's own number, TCP only", () => {
    const slices = [
      endpointSlice({ ports: [{ name: "http", port: 8080, protocol: "TCP" }] }),
      endpointSlice({
        ports: [
          { name: "http", port: 8081, protocol: "TCP" },
          { name: "http", port: 8082, protocol: "UDP" },
          { name: "grpc", port: 8083, protocol: "TCP" },
        ],
        endpoints: [sliceEndpoint("10.1.0.2")],
      }),
    ];
    assert.deepEqual(addressesOf(resolveEndpoints(service(), servicePort(), slices)), [
      "10.1.0.1 8080",
      "10.1.0.2 8081",
    ]);
  });

  it("finds the endpoints of a port without a name", () => {
    const slices = [endpointSlice({ ports: [{ name: "", port: 9, protocol: "TCP" }] })];
    assert.deepEqual(addressesOf(resolveEndpoints(service(), servicePort({ name: "" }), slices)), [
      "10.1.0.1 9",
    ]);
  });

  it("keeps both address families and no names", () => {
    const slices = [
      endpointSlice({ addressType: "IPv6", endpoints: [sliceEndpoint("fd00::1")] }),
      endpointSlice({ addressType: "FQDN", endpoints: [sliceEndpoint("cart.example.com")] }),
      endpointSlice(),
    ];
    const endpoints = resolveEndpoints(service(), servicePort(), slices);
    assert.deepEqual(
      endpoints.map(({ address, family }) => [address, family]),
      [
        ["10.1.0.1", 4],
        ["fd00::1", 6],
      ],
    );
  });

  it("takes the first address of an endpoint for the endpoint, and skips one that has none", () => {
    const endpoints = [
      sliceEndpoint("10.1.0.1", { addresses: ["10.1.0.1", "10.1.0.2"] }),
      sliceEndpoint("", { addresses: [] }),
    ];
    const slices = [endpointSlice({ endpoints })];
    assert.deepEqual(addressesOf(resolveEndpoints(service(), servicePort(), slices)), ["10.1.0.1 8080"]);
  });

  it("sorts by address, then by port as a number", () => {
    const slices = [10, 9].map((port) =>
      endpointSlice({
        ports: [{ name: "http", port, protocol: "TCP" }],
        endpoints: [sliceEndpoint("10.1.0.9"), sliceEndpoint("10.1.0.10")],
      }),
    );
    assert.deepEqual(addressesOf(resolveEndpoints(service(), servicePort(), slices)), [
      "10.1.0.10 9",
      "10.1.0.10 10",
      "10.1.0.9 9",
      "10.1.0.9 10",
    ]);
  });

  it("counts what is not ready as ready where the Service publishes it", () => {
    const slices = [
      endpointSlice({ endpoints: [sliceEndpoint("10.1.0.1", { isReady: false, isServing: false })] }),
    ];
    const [endpoint] = resolveEndpoints(service({ publishNotReadyAddresses: true }), servicePort(), slices);
    assert.equal(endpoint?.isReady, true);
    assert.equal(endpoint?.isServing, false);
  });

  const duplicates: readonly {
    name: string;
    better: Partial<SliceEndpoint>;
    worse: Partial<SliceEndpoint>;
  }[] = [
    { name: "the ready one", better: { node: "b" }, worse: { node: "a", isReady: false } },
    {
      name: "the serving one, where none is ready",
      better: { node: "b", isReady: false },
      worse: { node: "a", isReady: false, isServing: false },
    },
    {
      name: "the one that is not terminating, where both serve",
      better: { node: "b", isReady: false },
      worse: { node: "a", isReady: false, isTerminating: true },
    },
    { name: "always the same one, where they are equally good", better: { node: "a" }, worse: { node: "b" } },
  ];
  for (const { name, better, worse } of duplicates) {
    it(`keeps of an endpoint in two slices ${name}`, () => {
      const slices = [worse, better].map((of) =>
        endpointSlice({ endpoints: [sliceEndpoint("10.1.0.1", of)] }),
      );
      for (const order of [slices, slices.toReversed()]) {
        const endpoints = resolveEndpoints(service(), servicePort(), order);
        assert.deepEqual(
          endpoints.map(({ node }) => node),
          [better.node],
        );
      }
    });
  }

  it("does not depend on the order of slices and endpoints", () => {
    const endpoint = fc
      .record({
        host: fc.integer({ min: 1, max: 4 }),
        isReady: fc.boolean(),
        isServing: fc.boolean(),
        isTerminating: fc.boolean(),
        zone: fc.constantFrom("a", "b"),
      })
      .map(({ host, ...of }) => sliceEndpoint(`10.1.0.${host}`, of));
    const slices = fc.array(
      fc
        .record({ endpoints: fc.array(endpoint), port: fc.constantFrom(1, 2) })
        .map(({ endpoints, port }) =>
          endpointSlice({ endpoints, ports: [{ name: "http", port, protocol: "TCP" }] }),
        ),
    );
    fc.assert(
      fc.property(slices, (some) => {
        const reversed = some
          .toReversed()
          .map((slice) => ({ ...slice, endpoints: slice.endpoints.toReversed() }));
        assert.deepEqual(
          resolveEndpoints(service(), servicePort(), reversed),
          resolveEndpoints(service(), servicePort(), some),
        );
      }),
    );
  });
});
