import assert from "node:assert/strict";
import { performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import { compileRegularExpression, type RegularExpression } from "../../src/resources/regular-expression.ts";

function compile(pattern: string): RegularExpression {
  const compiled = compileRegularExpression(pattern);
  assert.equal(compiled.kind, "ok");
  return compiled.value;
}

describe("compileRegularExpression", () => {
  const cases: readonly { pattern: string; yes: readonly string[]; no: readonly string[] }[] = [
    {
      pattern: "/v[0-9]+/users",
      yes: ["/v1/users", "/v20/users"],
      no: ["/v1/users/", "x/v1/users", "/v/users"],
    },
    { pattern: "/a|/ab", yes: ["/a", "/ab"], no: ["/abc", "/a|/ab"] },
    { pattern: "/.*", yes: ["/", "/x/y?z"], no: ["", "x"] },
    { pattern: "", yes: [""], no: ["a"] },
    { pattern: "^/exact$", yes: ["/exact"], no: ["/exact/", "/exact\n"] },
    { pattern: "(?i)firefox.*", yes: ["Firefox/1", "FIREFOX"], no: ["a firefox"] },
    { pattern: "\\d{2}\\w\\s", yes: ["12a "], no: ["1a ", "12a"] },
    { pattern: "caf\u00e9", yes: ["caf\u00e9"], no: ["cafe"] },
    { pattern: "[^/]+", yes: ["\u00ff\u0080"], no: ["a/b"] },
    { pattern: "(?P<name>a+)\\b", yes: ["aaa"], no: ["aab"] },
    { pattern: "\\Q.*\\E", yes: [".*"], no: ["xx"] },
  ];
  for (const { pattern, yes, no } of cases) {
    it(`matches the whole text: ${JSON.stringify(pattern)}`, () => {
      const expression = compile(pattern);
      assert.deepEqual(
        [...yes, ...no].map((text) => expression.matches(text)),
        [...yes.map(() => true), ...no.map(() => false)],
      );
    });
  }

  const invalid: readonly { pattern: string; message: RegExp }[] = [
    { pattern: "(", message: /missing closing \)/ },
    { pattern: "[z-a]", message: /invalid character class range/ },
    { pattern: "a**", message: /nested repetition/ },
    { pattern: "(?=a)b", message: /unsupported Perl syntax/ },
    { pattern: "(?<!a)b", message: /invalid named capture/ },
    { pattern: "(a)\\1", message: /invalid escape sequence/ },
    { pattern: "a{1001}", message: /invalid repeat count/ },
    { pattern: "x".repeat(1025), message: /1025 characters, more than 1024/ },
    { pattern: "(?:.?){700}b{700}", message: /steps, more than 1100: repeat less/ },
  ];
  for (const { pattern, message } of invalid) {
    it(`refuses ${pattern.slice(0, 20)}`, () => {
      const compiled = compileRegularExpression(pattern);
      assert.ok(compiled.kind === "invalid");
      assert.match(compiled.message, message);
    });
  }

  it("takes a pattern of full length", () => {
    const text = "x".repeat(1024);
    assert.equal(compile(text).matches(text), true);
    assert.equal(compile(`(?i)${"y".repeat(1020)}`).matches("Y".repeat(1020)), true);
  });

  it("never throws", () => {
    const character = fc.constantFrom(..."abz019.*+?()[]{}|^$\\/-,:<>=!PQEdwsi\u00e9".split(""));
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 40 }), fc.string(), (pattern, text) => {
        const compiled = compileRegularExpression(pattern);
        const outcome =
          compiled.kind === "ok" ? typeof compiled.value.matches(text) : typeof compiled.message;
        assert.match(outcome, /^(?:boolean|string)$/);
      }),
    );
  });

  it("agrees with the platform's own expressions where both read a pattern alike", () => {
    const piece = fc.constantFrom(
      "a",
      "b",
      "/",
      "[ab]",
      "[^a]",
      ".",
      "a*",
      "b+",
      "(?:ab|a)",
      "(?:a|b)?",
      "\\d",
      "a{2,3}",
    );
    const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "1"), maxLength: 8 });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 5 }), text, (pieces, candidate) => {
        const pattern = pieces.join("");
        assert.equal(compile(pattern).matches(candidate), new RegExp(`^(?:${pattern})$`).test(candidate));
      }),
      { numRuns: 1000 },
    );
  });

  it("takes linear time where a backtracking matcher takes exponential time", () => {
    const started = performance.now();
    for (const pattern of ["(a+)+", "(a|aa)+", "(?:a?){30}a{30}", "(.*)(.*)(.*)(.*)x"]) {
      assert.equal(compile(pattern).matches(`${"a".repeat(5000)}!`), false);
    }
    assert.ok(performance.now() - started < 2000);
  });

  it("keeps its caches small, whatever it is made to match", () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    // Each of the 8,192 states of this automaton comes up in a text of that length.
    const expressions = Array.from({ length: 10 }, (_, index) => compile(`.*a[ab]{12}x?${index}`));
    let seed = 1;
    let text = "";
    for (let index = 0; index < 50_000; index++) {
      seed = (seed * 48_271) % 2_147_483_647;
      text += seed % 2 === 0 ? "a" : "b";
    }
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    assert.deepEqual(new Set(expressions.map((expression) => expression.matches(text))), new Set([false]));
    collectGarbage();
    assert.ok(process.memoryUsage().heapUsed - before < 10 * 2_000_000);
    assert.equal(expressions.length, 10);
  });
});
