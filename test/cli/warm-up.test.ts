import assert from "node:assert/strict";
import { warmUp } from "../../src/cli/warm-up.ts";
import { DEFAULT_PROXY_LIMITS } from "../../src/proxy/limits.ts";

describe("the warm-up", () => {
  it("has its requests answered, and leaves no connection behind", async () => {
    const before = process.getActiveResourcesInfo().filter((kind) => kind.startsWith("TCP"));
    await warmUp({ limits: DEFAULT_PROXY_LIMITS });
    // Closing a socket takes a turn of the event loop.
    for (let n = 0; n < 5; n++) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(
      process.getActiveResourcesInfo().filter((kind) => kind.startsWith("TCP")),
      before,
    );
  });

  it("says so where nobody is answered", async () => {
    const limits = { ...DEFAULT_PROXY_LIMITS, maxConnections: 0, connectTimeoutMs: 10 };
    await assert.rejects(warmUp({ limits }));
  });
});
