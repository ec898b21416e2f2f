import assert from "node:assert/strict";
import { DEFAULT_PROXY_LIMITS, type Limit, PROXY_LIMITS, valuesOf } from "../../src/proxy/limits.ts";

const limits: readonly (readonly [string, Limit])[] = Object.entries(PROXY_LIMITS);

describe("limits of the proxy", () => {
  for (const [name, limit] of limits) {
    it(`allow the default of ${name}`, () => {
      assert.ok(Number.isInteger(limit.fallback));
      assert.ok(limit.min <= limit.fallback && limit.fallback <= limit.max);
    });

    it(`name ${name} by its unit`, () => {
      const group = limit.unit === "ms" ? "timeouts" : "limits";
      assert.match(limit.key, new RegExp(`^${group}\\.[a-z][A-Za-z]+$`));
      assert.equal(name.endsWith("Ms"), limit.unit === "ms");
      assert.equal(name.endsWith("Bytes"), limit.unit === "bytes");
      assert.equal(name.endsWith("Percent"), limit.unit === "percent");
    });
  }

  it("have a key each", () => {
    assert.equal(new Set(limits.map(([, { key }]) => key)).size, limits.length);
  });

  it("can be set one by one", () => {
    const set = valuesOf((limit, name) => (name === "fieldCount" ? 7 : limit.fallback));
    assert.deepEqual(set, { ...DEFAULT_PROXY_LIMITS, fieldCount: 7 });
  });
});
