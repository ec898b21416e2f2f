import assert from "node:assert/strict";
import { runSoak } from "./soak/run-soak.ts";

describe("the data path", () => {
  it("gives each client its own responses and whole, or none, whatever clients and endpoints do", async () => {
    const { violations, counts } = await runSoak(20_261_124, 3);
    assert.deepEqual(violations, []);
    assert.ok((counts.get("response") ?? 0) > 100);
  }).timeout(40_000);
});
