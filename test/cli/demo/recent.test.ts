import assert from "node:assert/strict";
import { MAX_ENTRIES, Recent } from "../../../src/cli/demo/recent.ts";

describe("Recent", () => {
  it("forgets what is older than its window, by example", () => {
    const recent = new Recent<string>(1_000);
    recent.add("a", 0, "old");
    recent.add("a", 500, "new");
    recent.add("b", 500, "other");
    assert.deepEqual(recent.of("a", 1_000), ["new"]);
    assert.deepEqual(recent.of("a", 1_500), []);
    assert.deepEqual(recent.of("c", 0), []);
  });

  it("is bounded", () => {
    const recent = new Recent<number>(1_000);
    for (let i = 0; i <= MAX_ENTRIES; i++) recent.add("a", 1, i);
    const entries = recent.of("a", 1);
    assert.deepEqual([entries.length, entries[0]], [MAX_ENTRIES, 1]);
  });
});
