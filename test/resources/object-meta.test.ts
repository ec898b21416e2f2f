import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { join } from "node:path";
import { objectKey } from "../../src/resources/object-meta.ts";

describe("objectKey", () => {
  it("names an object within its kind", () => {
    assert.equal(objectKey({ namespace: "store", name: "shop" }), "store/shop");
    assert.equal(objectKey({ namespace: "", name: "store" }), "/store");
  });
});

describe("the vocabulary", () => {
  const root = join(import.meta.dirname, "../../src/resources");
  for (const path of globSync("**/*.ts", { cwd: root })) {
    it(`has ${path}, which loads by itself`, async () => {
      assert.equal(typeof (await import(join(root, path))), "object");
    });
  }
});
