import assert from "node:assert/strict";
import { parseNode, ZONE_LABEL } from "../../src/resources/node.ts";
import { problemsOf, valueOf } from "./parsing.ts";

const zoneOf = (labels: unknown) => valueOf(parseNode({ metadata: { name: "node-1.example", labels } })).zone;

describe("parseNode", () => {
  it("has the zone of its label", () => {
    assert.equal(zoneOf({ [ZONE_LABEL]: "eu-1a", other: "x" }), "eu-1a");
    assert.equal(zoneOf({ [ZONE_LABEL]: "" }), undefined);
    assert.equal(zoneOf(undefined), undefined);
  });

  it("needs a name that can be one", () => {
    assert.deepEqual(problemsOf(parseNode({ metadata: {} })), ["metadata.name: is required"]);
    assert.deepEqual(problemsOf(parseNode(7)), [": must be an object, not a number"]);
  });
});
