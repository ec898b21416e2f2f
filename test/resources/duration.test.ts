import assert from "node:assert/strict";
import * as fc from "fast-check";
import { parseDuration } from "../../src/resources/duration.ts";

describe("parseDuration", () => {
  // https://gateway-api.sigs.k8s.io/geps/gep-2257/#examples and the edges of the pattern.
  const valid: readonly [string, number][] = [
    ["0s", 0],
    ["0h", 0],
    ["10s", 10_000],
    ["500ms", 500],
    ["1m", 60_000],
    ["1h", 3_600_000],
    ["1h30m", 5_400_000],
    ["30m1h", 5_400_000],
    ["2h12m42s100ms", 7_962_100],
    ["12345s", 12_345_000],
    ["99999h99999h99999h99999h", 1_439_985_600_000],
    ["1m1ms", 60_001],
  ];
  for (const [text, milliseconds] of valid) {
    it(`reads ${text}`, () => assert.equal(parseDuration(text), milliseconds));
  }

  const invalid = [
    "",
    "0",
    "1",
    "s",
    "1.5s",
    "-1s",
    "+1s",
    "1 s",
    "1S",
    "1d",
    "1us",
    "123456s",
    "1h1m1s1ms1s",
    "1s\n",
  ];
  for (const text of invalid) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseDuration(text), undefined));
  }

  it("is the sum of its parts", () => {
    const factors = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
    const part = fc.tuple(fc.integer({ min: 0, max: 99_999 }), fc.constantFrom("h", "m", "s", "ms"));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const text = parts.map(([count, unit]) => `${count}${unit}`).join("");
        const sum = parts.reduce((total, [count, unit]) => total + count * factors[unit], 0);
        assert.equal(parseDuration(text), sum);
      }),
    );
  });
});
