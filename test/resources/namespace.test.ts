import assert from "node:assert/strict";
import { parseNamespace } from "../../src/resources/namespace.ts";
import { problemsOf, valueOf } from "./parsing.ts";

describe("parseNamespace", () => {
  it("lives in no namespace, whatever it says", () => {
    const parsed = valueOf(
      parseNamespace({
        metadata: { name: "store", namespace: "x", labels: { "eastbound.dev/inject": "enabled" } },
      }),
    );
    assert.equal(parsed.kind, "Namespace");
    assert.equal(parsed.meta.namespace, "");
    assert.equal(parsed.meta.name, "store");
    assert.deepEqual(Object.entries(parsed.meta.labels), [["eastbound.dev/inject", "enabled"]]);
  });

  it("needs a name that can be one", () => {
    assert.deepEqual(problemsOf(parseNamespace({ metadata: { name: "-" } })), [
      'metadata.name: must be a lower-case DNS label (a-z, 0-9, -), not "-"',
    ]);
    assert.deepEqual(problemsOf(parseNamespace(null)), [": is required"]);
  });
});
