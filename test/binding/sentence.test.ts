import assert from "node:assert/strict";
import { enumerate, joinSentences } from "../../src/binding/sentence.ts";

describe("enumerate", () => {
  const cases = [
    { words: [], text: "" },
    { words: ["a"], text: "a" },
    { words: ["a", "b"], text: "a and b" },
    { words: ["a", "b", "c"], text: "a, b and c" },
  ];
  for (const { words, text } of cases) {
    it(`makes "${text}" of ${words.length} words`, () => assert.equal(enumerate(words), text));
  }
});

describe("joinSentences", () => {
  it("lists ten and counts the rest", () => {
    assert.equal(joinSentences(["One.", "Two."]), "One. Two.");
    assert.equal(joinSentences(Array.from({ length: 12 }, () => "A.")), `${"A. ".repeat(10)}And 2 more.`);
  });

  it("stays within 4,000 characters of well-formed text", () => {
    for (const start of ["", "a"]) {
      const message = joinSentences([
        `${start}${"😀".repeat(4000)}`,
        ...Array.from({ length: 20 }, () => "A."),
      ]);
      assert.equal(message.length, 4000);
      assert.ok(message.isWellFormed());
      assert.ok(message.endsWith("… And 11 more."));
    }
  });
});
