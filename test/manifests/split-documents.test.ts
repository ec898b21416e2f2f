import assert from "node:assert/strict";
import * as fc from "fast-check";
import { parseAllDocuments } from "yaml";
import { splitDocuments } from "../../src/manifests/split-documents.ts";

describe("splitDocuments", () => {
  const cases: readonly { name: string; text: string; parts: readonly (readonly [number, string])[] }[] = [
    { name: "one document", text: "a: 1\n", parts: [[1, "a: 1\n"]] },
    {
      name: "several",
      text: "a: 1\n---\nb: 2\n--- # the last\nc: 3",
      parts: [
        [1, "a: 1\n"],
        [2, "---\nb: 2\n"],
        [4, "--- # the last\nc: 3"],
      ],
    },
    { name: "a marker at the beginning", text: "---\na: 1\n", parts: [[1, "---\na: 1\n"]] },
    { name: "blank space before the first", text: "\n\n---\na: 1\n", parts: [[3, "---\na: 1\n"]] },
    {
      name: "Windows line ends",
      text: "a: 1\r\n---\r\nb: 2\r\n",
      parts: [
        [1, "a: 1\r\n"],
        [2, "---\r\nb: 2\r\n"],
      ],
    },
    {
      name: "what only looks like a marker",
      text: "a: |\n  ---\n ---\nb: ----\n---b: 1\n",
      parts: [[1, "a: |\n  ---\n ---\nb: ----\n---b: 1\n"]],
    },
    {
      name: "a marker after a separator that is none in YAML",
      text: 'a: "x\u2028--- y"\n',
      parts: [[1, 'a: "x\u2028--- y"\n']],
    },
    {
      name: "a text with directives, whole",
      text: "%YAML 1.2\n---\na: 1\n...\n%YAML 1.2\n---\nb: 2\n",
      parts: [[1, "%YAML 1.2\n---\na: 1\n...\n%YAML 1.2\n---\nb: 2\n"]],
    },
    { name: "nothing", text: "", parts: [] },
    { name: "blank space", text: " \n\n", parts: [] },
  ];
  for (const { name, text, parts } of cases) {
    it(`gives ${name}`, () => {
      assert.deepEqual(
        splitDocuments(text).map((part) => [part.line, part.text]),
        parts,
      );
    });
  }

  const line = fc.constantFrom(
    "a: 1",
    "b: |",
    "  ---",
    "--- x",
    "---",
    "...",
    "# c",
    "",
    "- 1",
    " - 2",
    "'q",
    "q'",
    "%",
  );
  const text = fc.array(line).map((lines) => lines.join("\n"));

  it("leaves nothing out but blank space, and counts lines rightly", () => {
    fc.assert(
      fc.property(text, (whole) => {
        const lines = whole.split("\n");
        const parts = splitDocuments(whole);
        assert.equal(
          parts
            .map((part) => part.text)
            .join("")
            .trim(),
          whole.trim(),
        );
        for (const part of parts) assert.ok(part.text.startsWith(lines[part.line - 1] ?? "nothing"));
      }),
    );
  });

  it("gives documents that mean the same as in the whole text", () => {
    const valuesOf = (yaml: string): readonly unknown[] | "malformed" => {
      const documents = [...parseAllDocuments(yaml, { logLevel: "silent" })];
      return documents.some((document) => document.errors.length > 0)
        ? "malformed"
        : documents.map((document) => document.toJS() as unknown).filter((value) => value !== null);
    };
    fc.assert(
      fc.property(text, (whole) => {
        const parts = splitDocuments(whole).map((part) => valuesOf(part.text));
        const together = parts.includes("malformed") ? "malformed" : parts.flat();
        assert.deepEqual(together, valuesOf(whole));
      }),
      { numRuns: 500 },
    );
  });
});
