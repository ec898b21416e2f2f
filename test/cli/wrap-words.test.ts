import assert from "node:assert/strict";
import fc from "fast-check";
import { wrapWords } from "../../src/cli/wrap-words.ts";

describe("wrapWords", () => {
  const cases = [
    { name: "a text that fits", text: "one two", width: 7, is: ["one two"] },
    { name: "a text that does not", text: "one two", width: 6, is: ["one", "two"] },
    { name: "a word that is longer than a line", text: "a longest b", width: 4, is: ["a", "longest", "b"] },
    { name: "blanks of any kind and number", text: "a\n b", width: 9, is: ["a b"] },
    { name: "nothing", text: "", width: 9, is: [""] },
  ];
  for (const c of cases) it(`breaks ${c.name}`, () => assert.deepEqual(wrapWords(c.text, c.width), c.is));

  it("keeps every word, and no line too long that has two", () => {
    const word = fc.stringMatching(/^\S{1,12}$/);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), fc.integer({ min: 1, max: 40 }), (words, width) => {
        const lines = wrapWords(words.join(" "), width);
        assert.deepEqual(lines.join(" ").split(" "), words);
        assert.deepEqual(
          lines.filter((line) => line.includes(" ") && line.length > width),
          [],
        );
      }),
    );
  });
});
