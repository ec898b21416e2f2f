import assert from "node:assert/strict";

before("these tests make network namespaces", () => {
  assert.equal(process.getuid?.(), 0, "npm run test:root needs root: it makes network namespaces of its own");
});
