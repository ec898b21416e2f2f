import assert from "node:assert/strict";
import * as fc from "fast-check";
import { filterOf, filterProblems } from "./route-input.ts";

const kinds = [
  { type: "RequestHeaderModifier", member: "requestHeaderModifier" },
  { type: "ResponseHeaderModifier", member: "responseHeaderModifier" },
];

for (const { type, member } of kinds) {
  describe(type, () => {
    it("sets, adds and removes", () => {
      const settings = {
        set: [{ name: "X-Set", value: "a, b" }],
        add: [{ name: "X-Add", value: 'say "hi"\tthere  twice' }],
        remove: ["X-Gone"],
      };
      assert.deepEqual(filterOf({ type, [member]: settings }), { kind: type, headers: settings });
    });

    it("may do nothing", () => {
      assert.deepEqual(filterOf({ type, [member]: {} }), {
        kind: type,
        headers: { set: [], add: [], remove: [] },
      });
    });

    it("takes the first entry of a name", () => {
      const settings = {
        set: [
          { name: "X-A", value: "1" },
          { name: "x-a", value: "2" },
        ],
        remove: ["X-B", "x-b"],
      };
      assert.deepEqual(filterOf({ type, [member]: settings }), {
        kind: type,
        headers: { set: [{ name: "X-A", value: "1" }], add: [], remove: ["X-B"] },
      });
    });
  });
}

function problemsOfModifier(settings: unknown): readonly string[] {
  return filterProblems({ type: "RequestHeaderModifier", requestHeaderModifier: settings }).map((line) =>
    line.replace("requestHeaderModifier.", ""),
  );
}

describe("a header modifier", () => {
  it("does one thing to a header", () => {
    assert.deepEqual(
      problemsOfModifier({
        set: [{ name: "X-A", value: "1" }],
        add: [
          { name: "x-a", value: "2" },
          { name: "X-B", value: "1" },
        ],
        remove: ["X-A", "x-b", "x-c"],
      }),
      [
        "add: names x-a, which set names too; one action per header",
        "remove: names x-a, which set names too; one action per header",
        "remove: names x-b, which add names too; one action per header",
      ],
    );
  });

  it("has limits", () => {
    const headers = Array.from({ length: 17 }, (_, index) => ({ name: `h${index}`, value: "x" }));
    assert.deepEqual(problemsOfModifier({ set: headers }), ["set: must have at most 16 items, not 17"]);
    assert.deepEqual(problemsOfModifier({ remove: headers.map(({ name }) => name) }), [
      "remove: must have at most 16 items, not 17",
    ]);
    assert.deepEqual(problemsOfModifier({ add: [{ name: "a", value: "x".repeat(4097) }] }), [
      "add[0].value: must have at most 4096 characters, not 4097",
    ]);
  });

  const badValues = ["", " a", "a ", "a\r\nb: c", "a\nb", "a\u0000", "\u00e9", "\u010d\u010a", "\t"];
  for (const value of badValues) {
    it(`refuses the value ${JSON.stringify(value)}`, () => {
      const [problem, ...others] = problemsOfModifier({ set: [{ name: "a", value }] });
      assert.match(problem ?? "", /^set\[0\]\.value: must (?:not be empty|be visible ASCII)/);
      assert.deepEqual(others, []);
    });
  }

  for (const name of ["", "a b", "a:", "a\r\n", "\u00e9", ":path", "(a)"]) {
    it(`refuses the name ${JSON.stringify(name)}`, () => {
      const problems = problemsOfModifier({ add: [{ name, value: "x" }], remove: [name] });
      assert.deepEqual(
        problems.map((line) => line.slice(0, line.indexOf(":"))),
        ["add[0].name", "remove[0]", "remove"],
      );
    });
  }

  it("lets no value through that would break a message, in time that grows with its length only", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 50 }), (value) => {
        const isPlain = /^[\t -~]+$/.test(value) && value.trim() === value;
        const parse = (): unknown =>
          filterOf({ type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "a", value }] } });
        const outcomes = { accepted: isPlain, refused: !isPlain };
        assert.deepEqual(outcomes, tried(parse));
      }),
    );
    assert.equal(problemsOfModifier({ set: [{ name: "a", value: `${"a".repeat(4095)}\n` }] }).length, 1);
  });
});

function tried(parse: () => unknown): { accepted: boolean; refused: boolean } {
  try {
    parse();
    return { accepted: true, refused: false };
  } catch {
    return { accepted: false, refused: true };
  }
}
