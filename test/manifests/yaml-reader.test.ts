import assert from "node:assert/strict";
import { loadYamlReader, type YamlReader } from "../../src/manifests/yaml-reader.ts";

describe("loadYamlReader", () => {
  let read: YamlReader;
  before(async () => {
    read = await loadYamlReader();
  });

  const good: readonly { name: string; text: string; values: readonly unknown[] }[] = [
    {
      name: "scalars as YAML 1.2 has them",
      text: "[1, 0x1F, 1e3, on, no, true, null, 1_0]",
      values: [[1, 31, 1000, "on", "no", true, null, "1_0"]],
    },
    { name: "times as text", text: "t: 2026-01-31T12:00:00Z", values: [{ t: "2026-01-31T12:00:00Z" }] },
    { name: "several documents", text: "a: 1\n---\n---\nb: 2\n", values: [{ a: 1 }, null, { b: 2 }] },
    { name: "directives", text: "%YAML 1.2\n---\na: 1\n", values: [{ a: 1 }] },
    { name: "a mark of byte order", text: "\ufeffa: 1", values: [{ a: 1 }] },
    {
      name: "merge keys",
      text: "a: &a {x: 1, y: 1}\nb: {<<: *a, y: 2}",
      values: [{ a: { x: 1, y: 1 }, b: { x: 1, y: 2 } }],
    },
    { name: "JSON", text: '{"a": [1, "b"]}', values: [{ a: [1, "b"] }] },
    { name: "nothing", text: "# a comment\n", values: [] },
  ];
  for (const { name, text, values } of good) {
    it(`reads ${name}`, () => {
      const { kind, ...rest } = read(text);
      assert.equal(kind, "values");
      assert.deepEqual(rest, { values });
    });
  }

  it("leaves prototypes alone", () => {
    const result = read("__proto__: {polluted: 1}\nconstructor: {prototype: {polluted: 1}}");
    assert.ok(result.kind === "values");
    assert.deepEqual(Object.keys(result.values[0] as object), ["__proto__", "constructor"]);
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  });

  const bad: readonly { name: string; text: string; message: RegExp; line?: number }[] = [
    {
      name: "a list that does not end",
      text: "a: 1\nb: [1, 2\nc: 3\n",
      message: /flow|expected|\]/i,
      line: 3,
    },
    { name: "a tab for indentation", text: "a:\n\tb: 1\n", message: /tab/i, line: 2 },
    { name: "the same key twice", text: "a: 1\nb: 2\na: 3\n", message: /unique/i, line: 3 },
    { name: "an alias of nothing", text: "a: *b\n", message: /alias/i },
    { name: "an error in a later document", text: "a: 1\n---\nb: 'x\n", message: /quote/i, line: 4 },
  ];
  for (const { name, text, message, line } of bad) {
    it(`refuses ${name}`, () => {
      const result = read(text);
      assert.ok(result.kind === "malformed");
      assert.match(result.message, message);
      assert.equal(result.line, line);
    });
  }

  it("refuses a bomb of aliases", () => {
    const levels = Array.from(
      { length: 9 },
      (_, index) =>
        `l${index + 1}: &l${index + 1} [${Array.from({ length: 9 }, () => `*l${index}`).join(", ")}]`,
    );
    const result = read(`l0: &l0 [x, x]\n${levels.join("\n")}\n`);
    assert.ok(result.kind === "malformed");
    assert.match(result.message, /alias/i);
  });

  it("refuses what is nested too deep for the stack", () => {
    const result = read("[".repeat(200_000));
    assert.equal(result.kind, "malformed");
  });
});
