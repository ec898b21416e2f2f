import assert from "node:assert/strict";
import * as fc from "fast-check";
import { literalPrefix } from "../../../src/routing/matching/literal-prefix.ts";

describe("literalPrefix", () => {
  const cases: readonly { expression: string; prefix: string }[] = [
    { expression: "", prefix: "" },
    { expression: "/api/v1", prefix: "/api/v1" },
    { expression: "^/api$", prefix: "/api" },
    { expression: "/api/v[0-9]+/x", prefix: "/api/v" },
    { expression: "/api/.*", prefix: "/api/" },
    { expression: "/a\\.b\\/c\\-", prefix: "/a.b/c-" },
    { expression: "/a\\d", prefix: "/a" },
    { expression: "/a\\Qb\\E", prefix: "/a" },
    { expression: "/a\\", prefix: "/a" },
    { expression: "/ab*c", prefix: "/a" },
    { expression: "/ab?c", prefix: "/a" },
    { expression: "/ab{0}c", prefix: "/a" },
    { expression: "/ab+c", prefix: "/ab" },
    { expression: "/a\\.?c", prefix: "/a" },
    { expression: "/a|/b", prefix: "" },
    { expression: "/a(b|c)", prefix: "/a" },
    { expression: "/a(b|c)|/d", prefix: "" },
    { expression: "/a\\|b", prefix: "/a|b" },
    { expression: "/a\\)|b", prefix: "" },
    { expression: "/a[|]", prefix: "" },
    { expression: "/a\\Q(\\E|b", prefix: "" },
    { expression: "(?i)/a", prefix: "" },
    { expression: "/é", prefix: "/" },
    { expression: "/\\é", prefix: "/" },
  ];
  for (const c of cases) {
    it(`"${c.expression}" → "${c.prefix}"`, () => {
      assert.equal(literalPrefix(c.expression), c.prefix);
    });
  }

  it("is a prefix of all that matches", () => {
    const part = fc.constantFrom(
      "a",
      "b",
      "\\.",
      ".",
      "a*",
      "b?",
      "a+",
      "(a|b)",
      "|",
      "[ab]",
      "^",
      "a{0,1}",
      "$",
    );
    const text = fc
      .array(fc.constantFrom("a", "b", ".", "|"), { maxLength: 5 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), text, (parts, candidate) => {
        const expression = parts.join("");
        const isMatch = new RegExp(`^(?:${expression})$`).test(candidate);
        assert.ok(!isMatch || candidate.startsWith(literalPrefix(expression)));
      }),
      { numRuns: 3000 },
    );
  });
});
