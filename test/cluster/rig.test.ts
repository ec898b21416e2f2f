import assert from "node:assert/strict";
import { rig } from "./support/cluster.ts";

describe("the rig", () => {
  it("runs programs inside a node", async () => {
    assert.equal((await rig().enter("hostname")).trim(), "node-1");
  });
});
