import assert from "node:assert/strict";
import { Pattern } from "../../../src/routing/matching/pattern.ts";

describe("Pattern", () => {
  const cases: readonly { expression: string; text: string; expected: boolean }[] = [
    { expression: "a|b", text: "b", expected: true },
    { expression: "a|b", text: "ab", expected: false },
    { expression: "/v\\d+", text: "/v12", expected: true },
    { expression: "/v\\d+", text: "x/v12", expected: false },
    { expression: "(?i)abc", text: "ABC", expected: true },
    { expression: "(", text: "(", expected: false },
    { expression: "(?=a)a", text: "a", expected: false },
  ];
  for (const c of cases) {
    it(`${c.expression} ${c.expected ? "matches" : "does not match"} ${c.text}`, () => {
      const pattern = new Pattern(c.expression);
      assert.deepEqual([pattern.matches(c.text), pattern.matches(c.text)], [c.expected, c.expected]);
    });
  }
});
