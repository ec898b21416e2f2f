import assert from "node:assert/strict";
import { DeltaDiscoveryRequest } from "../../../src/discovery/generated/envoy/service/discovery/v3/discovery.ts";
import { RequestAllowance, requestCost } from "../../../src/discovery/server/request-allowance.ts";

describe("RequestAllowance", () => {
  it("lets a burst through, then so many in a second", () => {
    const allowance = new RequestAllowance(3, 10, 0);
    assert.deepEqual(
      [0, 0, 0].map((at) => allowance.take(at)),
      [0, 0, 0],
    );
    assert.equal(allowance.take(0), 100);
    assert.equal(allowance.take(100), 100);
    assert.equal(allowance.take(200), 100);
    assert.equal(allowance.take(600), 0);
  });

  it("saves up no more than a burst", () => {
    const allowance = new RequestAllowance(2, 10, 0);
    assert.deepEqual(
      [0, 0].map(() => allowance.take(1_000_000)),
      [0, 0],
    );
    assert.equal(allowance.take(1_000_000), 100);
  });

  it("counts a request with many names for several", () => {
    const allowance = new RequestAllowance(3, 10, 0);
    assert.equal(allowance.take(0, 3), 0);
    assert.equal(allowance.take(0, 2), 200);
  });
});

describe("requestCost", () => {
  const names = Array.from({ length: 200 }, (_, n) => `n${n}`);
  const cases: { name: string; request: Partial<DeltaDiscoveryRequest>; cost: number }[] = [
    { name: "nothing but an answer", request: { responseNonce: "1" }, cost: 1 },
    { name: "names", request: { resourceNamesSubscribe: names }, cost: 3 },
    { name: "names that go", request: { resourceNamesUnsubscribe: names }, cost: 3 },
    {
      name: "names with versions",
      request: {
        resourceNamesSubscribe: names,
        initialResourceVersions: new Map(names.map((name) => [name, "v"])),
      },
      cost: 5,
    },
  ];
  for (const { name, request, cost } of cases) {
    it(`of ${name}`, () => {
      assert.equal(requestCost({ ...DeltaDiscoveryRequest.decode(new Uint8Array()), ...request }), cost);
    });
  }
});
