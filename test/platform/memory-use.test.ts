import assert from "node:assert/strict";
import { createMemoryGauge } from "../../src/platform/memory-use.ts";

describe("createMemoryGauge", () => {
  const files: Readonly<Record<string, string>> = {
    "memory.max": "1000000\n",
    "memory.current": "900000\n",
    "memory.stat": "anon 500000\nfile 300000\nkernel 90000\nshmem 100000\nslab_reclaimable 50000\n",
  };
  const reading = (from: Readonly<Record<string, string>>) => (name: string) => {
    const content = from[name];
    if (content === undefined) throw new Error(`ENOENT ${name}`);
    return content;
  };

  it("leaves out what the kernel can take back, but not shared memory", () => {
    assert.equal(createMemoryGauge(reading(files))?.(), 65);
  });

  it("takes everything for used where the kernel tells no more", () => {
    const { "memory.stat": _, ...rest } = files;
    assert.equal(createMemoryGauge(reading(rest))?.(), 90);
  });

  const unbounded = [
    { name: "there is no limit", files: { ...files, "memory.max": "max\n" } },
    { name: "there is no cgroup v2", files: {} },
    { name: "the limit is none", files: { ...files, "memory.max": "0\n" } },
  ];
  for (const { name, files: found } of unbounded)
    it(`is none where ${name}`, () => assert.equal(createMemoryGauge(reading(found)), undefined));

  it("reads this machine's files", () => {
    const percent = createMemoryGauge()?.() ?? 50;
    assert.ok(percent > 0 && percent < 200, String(percent));
  });
});
