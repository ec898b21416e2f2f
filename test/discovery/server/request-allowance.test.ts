import assert from "node:assert/strict";
import { RequestAllowance } from "../../../src/discovery/server/request-allowance.ts";

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
});
