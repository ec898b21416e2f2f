import assert from "node:assert/strict";
import { objectsOfDocument } from "../../src/manifests/file-content.ts";
import { serviceInput } from "./objects.ts";

/** What became of each object, in short. */
function outcomes(value: unknown): readonly string[] {
  return objectsOfDocument(value).map((parsed) => {
    switch (parsed.kind) {
      case "object":
        return `${parsed.object.kind} ${parsed.object.meta.name}`;
      case "ignored":
        return `ignored ${parsed.apiVersion} ${parsed.objectKind}`;
      case "invalid":
        return parsed.problems.map(({ path, message }) => `${path}: ${message}`).join(", ");
    }
  });
}

function nested(depth: number): unknown {
  return depth === 0 ? serviceInput("deep") : { apiVersion: "v1", kind: "List", items: [nested(depth - 1)] };
}

describe("objectsOfDocument", () => {
  const untyped = { metadata: { name: "b" }, spec: {} };
  const cases: readonly { name: string; value: unknown; expect: readonly string[] }[] = [
    { name: "an empty document", value: null, expect: [] },
    { name: "an object", value: serviceInput("a"), expect: ["Service a"] },
    {
      name: "a list of objects of several kinds",
      value: {
        apiVersion: "v1",
        kind: "List",
        items: [serviceInput("a"), { apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } }],
      },
      expect: ["Service a", "Namespace n"],
    },
    {
      name: "a list of one kind, whose items may leave it out",
      value: { apiVersion: "v1", kind: "ServiceList", items: [serviceInput("a"), untyped] },
      expect: ["Service a", "Service b"],
    },
    {
      name: "a list whose items must not leave it out",
      value: { apiVersion: "v1", kind: "List", items: [untyped] },
      expect: ["items[0].apiVersion: is required, items[0].kind: is required"],
    },
    {
      name: "a list of a kind that the mesh does not read",
      value: { apiVersion: "apps/v1", kind: "DeploymentList", items: [{ metadata: { name: "d" } }] },
      expect: ["ignored apps/v1 Deployment"],
    },
    { name: "an empty list", value: { apiVersion: "v1", kind: "List", items: [] }, expect: [] },
    {
      name: "an object whose kind only sounds like a list",
      value: { apiVersion: "example.com/v1", kind: "AllowList", spec: {} },
      expect: ["ignored example.com/v1 AllowList"],
    },
    {
      name: "wrong items, with their places",
      value: {
        apiVersion: "v1",
        kind: "List",
        items: [7, serviceInput("a"), { ...serviceInput("c"), spec: { type: 1 } }],
      },
      expect: [
        "items[0]: must be an object, not a number",
        "Service a",
        "items[2].spec.type: must be a string, not a number",
      ],
    },
    { name: "a text", value: "hello", expect: [": must be an object, not a string"] },
    { name: "a bare list", value: [serviceInput("a")], expect: [": must be an object, not a list"] },
    { name: "lists in lists", value: nested(4), expect: ["Service deep"] },
    {
      name: "lists in too many lists",
      value: nested(5),
      expect: ["items[0].items[0].items[0].items[0]: is a list in too many lists"],
    },
  ];
  for (const { name, value, expect } of cases) {
    it(`reads ${name}`, () => assert.deepEqual(outcomes(value), expect));
  }

  it("ends with a list that holds itself", () => {
    const list = { apiVersion: "v1", kind: "List", items: [serviceInput("a")] as unknown[] };
    list.items.push(list);
    assert.match(outcomes(list).at(-1) ?? "", /is a list in too many lists/);
  });
});
