import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  decodeParameter,
  findParameter,
  isParameterValue,
  parameterValue,
} from "../../../src/routing/matching/query-parameter.ts";

describe("findParameter", () => {
  const cases: readonly { query: string; name: string; value: string | undefined }[] = [
    { query: "", name: "a", value: undefined },
    { query: "a", name: "a", value: "" },
    { query: "a=", name: "a", value: "" },
    { query: "a=1", name: "a", value: "1" },
    { query: "a=1=2", name: "a", value: "1=2" },
    { query: "b=2&a=1&c", name: "a", value: "1" },
    { query: "a&a=1", name: "a", value: "" },
    { query: "&&a=1&", name: "a", value: "1" },
    { query: "=a&a=1", name: "a", value: "1" },
    { query: "ab=1&ba=2", name: "a", value: undefined },
    { query: "A=1", name: "a", value: undefined },
    { query: "b=a&a=1", name: "a", value: "1" },
    { query: "a;a=1", name: "a", value: undefined },
    { query: "%61=1", name: "a", value: "1" },
    { query: "a%5Bb%5D=1", name: "a%5Bb%5D", value: "1" },
    { query: "a%5bb%5d=1", name: "a[b]", value: "1" },
    { query: "x+y=1", name: "x y", value: "1" },
    { query: "x+y=1", name: "x+y", value: "1" },
    { query: "b=%61&a=%31+", name: "a", value: "%31+" },
    { query: "b=%61&b+c&a=1", name: "c", value: undefined },
  ];
  for (const c of cases) {
    it(`${c.name} in "${c.query}"`, () => {
      const start = findParameter(c.query, c.name);
      assert.equal(start < 0 ? undefined : parameterValue(c.query, start), c.value);
    });
  }
});

describe("isParameterValue", () => {
  const cases: readonly { sent: string; value: string; expected: boolean }[] = [
    { sent: "1", value: "1", expected: true },
    { sent: "12", value: "1", expected: false },
    { sent: "1&b=2", value: "1", expected: true },
    { sent: "", value: "1", expected: false },
    { sent: "a%20b", value: "a b", expected: true },
    { sent: "a+b", value: "a b", expected: true },
    { sent: "a+b", value: "a+b", expected: true },
    { sent: "a%20b", value: "a%20b", expected: true },
    { sent: "a%2520b", value: "a%20b", expected: true },
    { sent: "J%C3%BCrgen", value: "Jürgen", expected: true },
    { sent: "%C3%BC%", value: "ü%", expected: true },
    { sent: "%zz", value: "%zz", expected: true },
    { sent: "%41%", value: "A", expected: false },
  ];
  for (const c of cases) {
    it(`"${c.sent}" is ${c.expected ? "" : "not "}"${c.value}"`, () => {
      assert.equal(isParameterValue(`a=${c.sent}`, 2, c.value), c.expected);
    });
  }
});

describe("decodeParameter", () => {
  it("agrees with the URL standard", () => {
    const part = fc.constantFrom("a", "+", "%", "%4", "%41", "%C3", "%BC", "%c3%bc", "%E2%82%AC", "%00");
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const text = parts.join("");
        assert.equal(decodeParameter(text), new URLSearchParams(`x=${text}`).get("x"));
      }),
    );
  });
});
