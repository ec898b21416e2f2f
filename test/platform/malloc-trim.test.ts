import assert from "node:assert/strict";
import { loadMallocTrim } from "../../src/platform/malloc-trim.ts";

describe("malloc_trim", () => {
  it("can be called again and again, where there is one", () => {
    const trim = loadMallocTrim();
    for (let n = 0; n < 3; n++) trim?.();
    assert.ok(trim === undefined || typeof trim === "function");
  });
});
