import assert from "node:assert/strict";
import {
  defined,
  firstOfEach,
  get,
  listOf,
  object,
  objectOrEmpty,
  reportDuplicates,
  requiredListOf,
  textRecord,
} from "../../../src/resources/read/collection.ts";
import { parseWith } from "../../../src/resources/read/field.ts";
import { integer, text } from "../../../src/resources/read/scalar.ts";
import type { Result } from "../../../src/resources/result.ts";
import { problemsOf, valueOf } from "../parsing.ts";

function readPoint(input: unknown): Result<{ x: number; y: number }> {
  return parseWith(input, (field) => {
    const at = object(field);
    return { x: get(at, "x", integer(0, 9)), y: get(at, "y", integer(0, 9)) };
  });
}

describe("object", () => {
  it("reads members and reports all of those that are wrong", () => {
    assert.deepEqual(valueOf(readPoint({ x: 1, y: 2, z: 3 })), { x: 1, y: 2 });
    assert.deepEqual(problemsOf(readPoint({ x: "1" })), [
      "x: must be a number, not a string",
      "y: is required",
    ]);
  });

  for (const [value, message] of [
    [undefined, "is required"],
    [[], "must be an object, not a list"],
    ["x", "must be an object, not a string"],
  ] as const) {
    it(`is the one problem where it is ${JSON.stringify(value)}`, () => {
      assert.deepEqual(problemsOf(readPoint(value)), [`: ${message}`]);
    });
  }

  it("may be absent, which is the same as empty", () => {
    const read = (input: unknown) =>
      parseWith(input, (field) => get(objectOrEmpty(field), "x", listOf(text())));
    assert.deepEqual(valueOf(read(undefined)), []);
    assert.deepEqual(valueOf(read(null)), []);
    assert.deepEqual(problemsOf(read(7)), [": must be an object, not a number"]);
  });
});

describe("listOf", () => {
  const words = listOf(text(), { minItems: 1, maxItems: 3 });

  it("reads every item, and is empty where absent", () => {
    assert.deepEqual(valueOf(parseWith(["a", "b"], words)), ["a", "b"]);
    assert.deepEqual(valueOf(parseWith(null, words)), []);
  });

  const bad: readonly (readonly [unknown, readonly string[]])[] = [
    [{}, [": must be a list, not an object"]],
    [[], [": must have at least 1 item"]],
    [["a", "b", "c", "d"], [": must have at most 3 items, not 4"]],
    [
      ["a", 1, null],
      ["[1]: must be a string, not a number", "[2]: is required"],
    ],
  ];
  for (const [value, problems] of bad) {
    it(`refuses ${JSON.stringify(value)}`, () => {
      assert.deepEqual(problemsOf(parseWith(value, words)), problems);
    });
  }

  it("may have to be there", () => {
    const required = requiredListOf(text(), { minItems: 2 });
    assert.deepEqual(valueOf(parseWith(["a", "b"], required)), ["a", "b"]);
    assert.deepEqual(problemsOf(parseWith(undefined, required)), [": is required"]);
    assert.deepEqual(problemsOf(parseWith(["a"], required)), [": must have at least 2 items"]);
  });
});

describe("textRecord", () => {
  it("has no prototype, and takes any key", () => {
    const record = valueOf(parseWith(JSON.parse('{"__proto__": "x", "constructor": "y"}'), textRecord));
    assert.equal(Object.getPrototypeOf(record), null);
    assert.deepEqual(Object.entries(record), [
      ["__proto__", "x"],
      ["constructor", "y"],
    ]);
    assert.equal(({} as Record<string, unknown>)["x"], undefined);
  });

  it("is empty where absent, and holds texts only", () => {
    assert.deepEqual(Object.keys(valueOf(parseWith(undefined, textRecord))), []);
    assert.deepEqual(problemsOf(parseWith({ "a/b": 1, c: "d" }, textRecord)), [
      '["a/b"]: must be a string, not a number',
    ]);
    assert.deepEqual(problemsOf(parseWith([], textRecord)), [": must be an object, not a list"]);
  });
});

describe("duplicates", () => {
  it("are reported at the later item, those without a key passed over", () => {
    const parsed = parseWith(["a", "b", "a", "", "", "a"], (field) => {
      const items = listOf(text())(field);
      reportDuplicates(field, items, "letter", (item) => (item === "" ? undefined : item));
    });
    assert.deepEqual(problemsOf(parsed), [
      "[2]: has the same letter as item 0",
      "[5]: has the same letter as item 0",
    ]);
  });

  it("are dropped where the first counts", () => {
    assert.deepEqual(
      firstOfEach(["a", "B", "b", "c", "A"], (item) => item.toLowerCase()),
      ["a", "B", "c"],
    );
  });
});

describe("defined", () => {
  it("leaves out what is undefined, and nothing else", () => {
    const members = defined({ a: undefined, b: null, c: 0, d: "" });
    assert.deepEqual(Object.entries(members), [
      ["b", null],
      ["c", 0],
      ["d", ""],
    ]);
  });
});
