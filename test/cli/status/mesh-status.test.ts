import assert from "node:assert/strict";
import { isHealthy, meshStatus, type ReplicaAnswer } from "../../../src/cli/status/mesh-status.ts";
import type { SidecarReport, TypeReport } from "../../../src/controller/sidecar-report.ts";
import { refused, sidecar } from "./reports.ts";

const answered = (controller: string, ...sidecars: readonly SidecarReport[]): ReplicaAnswer => ({
  kind: "answered",
  source: "127.0.0.1:1",
  report: { controller, sidecars },
});

const isInSync = (...types: readonly TypeReport[]) =>
  meshStatus([answered("a", sidecar({ types }))]).sidecars[0]?.isInSync;

describe("meshStatus", () => {
  it("has the sidecars of all replicas by their names", () => {
    const status = meshStatus([
      answered("b", sidecar({ pod: "pay-1" }), sidecar({ namespace: "a", pod: "z" })),
      answered("a", sidecar()),
      answered("c", sidecar()),
    ]);
    assert.deepEqual(
      status.sidecars.map(({ namespace, pod, controller }) => `${namespace}/${pod} ${controller}`),
      ["a/z b", "shop/cart-1 a", "shop/cart-1 c", "shop/pay-1 b"],
    );
    assert.deepEqual(status.replicas, [
      { controller: "a", sidecars: 1 },
      { controller: "b", sidecars: 2 },
      { controller: "c", sidecars: 1 },
    ]);
    assert.equal(isHealthy(status), true);
  });

  it("is out of sync once something is refused, or on its way for too long", () => {
    const behind = { type: "Backend", state: "behind", resources: 1 } as const;
    assert.equal(isInSync(), true);
    assert.equal(isInSync(behind), true);
    assert.equal(isInSync({ ...behind, forMs: 4_999 }), true);
    assert.equal(isInSync({ ...behind, forMs: 5_000 }), false);
    assert.equal(isInSync(refused), false);
  });

  it("is healthy only if there are replicas, all of which answer, and all is in sync", () => {
    const failed: ReplicaAnswer = { kind: "failed", source: "127.0.0.1:2", message: "refused" };
    assert.equal(isHealthy(meshStatus([])), false);
    assert.equal(isHealthy(meshStatus([answered("a")])), true);
    assert.equal(isHealthy(meshStatus([answered("a"), failed])), false);
    assert.equal(isHealthy(meshStatus([answered("a", sidecar({ types: [refused] }))])), false);
    assert.deepEqual(meshStatus([failed]).replicas, [{ controller: "127.0.0.1:2", problem: "refused" }]);
  });
});
