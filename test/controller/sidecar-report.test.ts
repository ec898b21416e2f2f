import assert from "node:assert/strict";
import { reportSidecar } from "../../src/controller/sidecar-report.ts";
import type { SessionView } from "../../src/discovery/server/session-view.ts";

describe("reportSidecar", () => {
  it("says of each type what state it is in, without the single resources", () => {
    const view: SessionView = {
      identity: { namespace: "shop", pod: "cart-1", podUid: "u", serviceAccount: "cart", node: "a" },
      client: { id: "shop/cart-1", version: "eastbound 0.1.0" },
      connectedForMs: 1_000.4,
      behindForMs: 7.6,
      types: [
        { type: "Self", state: "in-sync", resources: [{ name: "self", sentVersion: "1" }] },
        {
          type: "Frontend",
          state: "refused",
          resources: [{ name: "a" }, { name: "b" }],
          behindForMs: 7.6,
          lastNack: { reason: "no", ageMs: 5.2, resources: [{ name: "a", version: "2" }] },
        },
      ],
    };
    assert.deepEqual(reportSidecar(view), {
      namespace: "shop",
      pod: "cart-1",
      node: "a",
      serviceAccount: "cart",
      client: { id: "shop/cart-1", version: "eastbound 0.1.0" },
      connectedForMs: 1_000,
      types: [
        { type: "Self", state: "in-sync", resources: 1 },
        {
          type: "Frontend",
          state: "refused",
          resources: 2,
          forMs: 8,
          lastRefusal: { reason: "no", ageMs: 5, names: ["a"] },
        },
      ],
    });
  });

  it("leaves out a node that is not known", () => {
    const identity = { namespace: "shop", pod: "cart-1", serviceAccount: "cart" };
    const view = { identity, client: { id: "", version: "" }, connectedForMs: 0, types: [] };
    assert.equal("node" in reportSidecar(view), false);
  });
});
