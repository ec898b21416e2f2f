import assert from "node:assert/strict";
import fc from "fast-check";
import { SliceCompactor } from "../../src/kubernetes/compact-slice.ts";
import type { EndpointSlice, SliceEndpoint } from "../../src/resources/endpoint-slice.ts";

function slice(endpoints: readonly SliceEndpoint[]): EndpointSlice {
  const meta = {
    namespace: "shop",
    name: "a",
    creationTimestampMs: 0,
    generation: 0,
    labels: {},
    annotations: {},
  };
  return { kind: "EndpointSlice", meta, serviceName: "a", addressType: "IPv4", ports: [], endpoints };
}

function endpoint(more: Partial<SliceEndpoint>): SliceEndpoint {
  const state = { isReady: true, isServing: true, isTerminating: false };
  return { addresses: ["10.0.0.1"], ...state, hintZones: [], hintNodes: [], ...more };
}

/** The same text, but another string. */
function copy(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}

describe("SliceCompactor", () => {
  it("changes nothing of what a slice says", () => {
    const names = fc.array(fc.constantFrom("zone-a", "zone-b", "node-a"), { maxLength: 3 });
    const endpoints = fc.record(
      {
        addresses: fc.array(fc.ipV4(), { minLength: 1 }),
        isReady: fc.boolean(),
        isServing: fc.boolean(),
        isTerminating: fc.boolean(),
        zone: fc.constantFrom("zone-a", "zone-b"),
        node: fc.constantFrom("node-a", "node-b"),
        hintZones: names,
        hintNodes: names,
      },
      {
        requiredKeys: ["addresses", "isReady", "isServing", "isTerminating", "hintZones", "hintNodes"],
        noNullPrototype: true,
      },
    );
    const compactor = new SliceCompactor();
    fc.assert(
      fc.property(fc.array(endpoints), (list) => {
        assert.deepEqual(compactor.compact(slice(list)), slice(list));
      }),
    );
  });

  it("shares the lists of one zone or node, and the empty one", () => {
    const compactor = new SliceCompactor();
    const [first, second] = ["zone-a", "zone-a"].map((zone) => {
      const hints = { hintZones: [copy(zone)], hintNodes: [] };
      return compactor.compact(slice([endpoint({ zone: copy(zone), node: copy("node-a"), ...hints })]))
        .endpoints[0];
    });
    assert.equal(first?.hintZones, second?.hintZones);
    assert.equal(first?.hintNodes, second?.hintNodes);
  });

  it("goes on when there are more names than it remembers", () => {
    const compactor = new SliceCompactor();
    for (let i = 0; i < 45_000; i++) {
      const node = `node-${i}`;
      const compact = compactor.compact(slice([endpoint({ zone: "zone-a", node })]));
      assert.equal(compact.endpoints[0]?.node, node);
    }
  });
});
