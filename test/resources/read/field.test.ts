import assert from "node:assert/strict";
import { type Field, isAbsent, member, parseWith, pathOf } from "../../../src/resources/read/field.ts";

function rootOf(value: unknown): Field {
  return { value, key: "", parent: undefined, problems: [] };
}

describe("member", () => {
  it("finds own properties only", () => {
    const field = rootOf(JSON.parse('{"__proto__": {"name": "x"}, "own": 1}'));
    assert.equal(member(field, "own").value, 1);
    assert.equal(member(field, "name").value, undefined);
    assert.equal(member(field, "constructor").value, undefined);
    assert.equal(member(field, "toString").value, undefined);
    assert.deepEqual(member(field, "__proto__").value, { name: "x" });
  });

  for (const value of [undefined, null, 1, "text", ["a"], true]) {
    it(`finds nothing in ${JSON.stringify(value)}`, () => {
      assert.equal(member(rootOf(value), "length").value, undefined);
    });
  }
});

describe("pathOf", () => {
  const root = rootOf({});
  const cases: readonly { keys: readonly (string | number)[]; path: string }[] = [
    { keys: [], path: "" },
    { keys: ["spec"], path: "spec" },
    { keys: ["spec", "rules", 0, "name"], path: "spec.rules[0].name" },
    {
      keys: ["metadata", "labels", "app.kubernetes.io/name"],
      path: 'metadata.labels["app.kubernetes.io/name"]',
    },
    { keys: ["metadata", "labels", ""], path: 'metadata.labels[""]' },
    { keys: [3, "a-b"], path: "[3].a-b" },
  ];
  for (const { keys, path } of cases) {
    it(`writes ${path === "" ? "the object itself" : path}`, () => {
      const field = keys.reduce<Field>((parent, key) => ({ ...root, key, parent }), root);
      assert.equal(pathOf(field), path);
    });
  }

  it("counts from a field above, where one is given", () => {
    const rule: Field = { ...root, key: 2, parent: member(member(root, "spec"), "rules") };
    assert.equal(pathOf(member(member(rule, "path"), "type"), rule), "path.type");
  });
});

describe("isAbsent", () => {
  it("takes null for missing, and nothing else", () => {
    assert.deepEqual(
      [undefined, null, 0, "", false, []].map((value) => isAbsent(rootOf(value))),
      [true, true, false, false, false, false],
    );
  });
});

describe("parseWith", () => {
  it("drops the value as soon as there is a problem", () => {
    const parsed = parseWith("x", (field) => {
      field.problems.push({ path: "a", message: "is wrong" });
      return 1;
    });
    assert.deepEqual(parsed, { kind: "invalid", problems: [{ path: "a", message: "is wrong" }] });
  });
});
