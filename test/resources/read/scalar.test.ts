import assert from "node:assert/strict";
import { parseWith, type Read } from "../../../src/resources/read/field.ts";
import { flag, integer, oneOf, optional, text, withDefault } from "../../../src/resources/read/scalar.ts";
import { problemsOf, valueOf } from "../parsing.ts";

interface Case {
  readonly name: string;
  readonly read: Read<unknown>;
  readonly good: readonly unknown[];
  readonly bad: readonly (readonly [unknown, string])[];
}

const cases: readonly Case[] = [
  {
    name: "text",
    read: text(),
    good: ["", "a", "\u0000"],
    bad: [
      [1, "must be a string, not a number"],
      [true, "must be a string, not true"],
      [["a"], "must be a string, not a list"],
      [{}, "must be a string, not an object"],
      [null, "is required"],
      [undefined, "is required"],
    ],
  },
  {
    name: "text with a form",
    read: text({ minLength: 2, maxLength: 3, pattern: /^a+$/, form: "all a" }),
    good: ["aa", "aaa"],
    bad: [
      ["a", "must have 2 characters"],
      ["aaaa", "must have at most 3 characters, not 4"],
      ["ab", 'must be all a, not "ab"'],
    ],
  },
  {
    name: "text that must not be empty",
    read: text({ minLength: 1, pattern: /^\w*$/ }),
    good: ["a"],
    bad: [
      ["", "must not be empty"],
      [`\n${"x".repeat(100)}`, `must be of another form, not "\\n${"x".repeat(79)}"…`],
    ],
  },
  {
    name: "integer",
    read: integer(1, 10),
    good: [1, 10],
    bad: [
      [0, "must be between 1 and 10, not 0"],
      [11, "must be between 1 and 10, not 11"],
      [1.5, "must be a whole number, not 1.5"],
      [Number.NaN, "must be a whole number, not NaN"],
      [1e300, "must be a whole number, not 1e+300"],
      ["5", "must be a number, not a string"],
      [5n, "must be a number, not a bigint"],
    ],
  },
  {
    name: "integer without an upper bound",
    read: integer(1, Number.MAX_SAFE_INTEGER),
    good: [1, Number.MAX_SAFE_INTEGER],
    bad: [[0, "must be 1 or more, not 0"]],
  },
  {
    name: "flag",
    read: flag,
    good: [true, false],
    bad: [
      ["true", "must be true or false, not a string"],
      [0, "must be true or false, not a number"],
    ],
  },
  {
    name: "oneOf",
    read: oneOf(["TCP", "UDP"]),
    good: ["TCP", "UDP"],
    bad: [
      ["tcp", 'must be one of TCP, UDP, not "tcp"'],
      [1, "must be a string, not a number"],
    ],
  },
];

for (const { name, read, good, bad } of cases) {
  describe(name, () => {
    for (const value of good) {
      it(`takes ${JSON.stringify(value)}`, () => assert.equal(valueOf(parseWith(value, read)), value));
    }
    for (const [value, message] of bad) {
      it(`says of ${String(value).slice(0, 20)}: ${message.slice(0, 40)}`, () => {
        assert.deepEqual(problemsOf(parseWith(value, read)), [`: ${message}`]);
      });
    }
  });
}

describe("what may be absent", () => {
  it("is undefined, or a default", () => {
    assert.equal(valueOf(parseWith(null, optional(flag))), undefined);
    assert.equal(valueOf(parseWith(undefined, withDefault(flag, true))), true);
    assert.equal(valueOf(parseWith(false, withDefault(flag, true))), false);
    assert.deepEqual(problemsOf(parseWith(1, optional(flag))), [": must be true or false, not a number"]);
  });
});
