import assert from "node:assert/strict";
import { compileHeadEdits, type HeadEditStep } from "../../src/http1/head-edits.ts";

const set = (name: string, value: string): HeadEditStep => ({ kind: "set", name, value });
const add = (name: string, value: string): HeadEditStep => ({ kind: "add", name, value });
const remove = (name: string): HeadEditStep => ({ kind: "remove", name });

describe("compileHeadEdits", () => {
  const cases: readonly {
    name: string;
    steps: readonly HeadEditStep[];
    is: readonly (readonly [string, boolean, string, string])[];
  }[] = [
    { name: "nothing", steps: [], is: [] },
    { name: "set", steps: [set("X-A", "1")], is: [["x-a", true, "X-A: 1\r\n", ""]] },
    { name: "add", steps: [add("X-A", "1")], is: [["x-a", false, "X-A: 1\r\n", ",1"]] },
    { name: "remove", steps: [remove("X-A")], is: [["x-a", true, "", ""]] },
    {
      name: "set, set: the last",
      steps: [set("X-A", "1"), set("x-a", "2")],
      is: [["x-a", true, "x-a: 2\r\n", ""]],
    },
    {
      name: "set, add: both values",
      steps: [set("X-A", "1"), add("x-A", "2")],
      is: [["x-a", true, "x-A: 1,2\r\n", ""]],
    },
    { name: "set, remove: gone", steps: [set("X-A", "1"), remove("X-A")], is: [["x-a", true, "", ""]] },
    {
      name: "add, add: both values",
      steps: [add("X-A", "1"), add("X-A", "2")],
      is: [["x-a", false, "X-A: 1,2\r\n", ",1,2"]],
    },
    {
      name: "add, set: the last",
      steps: [add("X-A", "1"), set("X-A", "2")],
      is: [["x-a", true, "X-A: 2\r\n", ""]],
    },
    {
      name: "remove, add: only the new",
      steps: [remove("X-A"), add("X-A", "2")],
      is: [["x-a", true, "X-A: 2\r\n", ""]],
    },
    {
      name: "set to nothing, add: no comma",
      steps: [set("X-A", ""), add("X-A", "1")],
      is: [["x-a", true, "X-A: 1\r\n", ""]],
    },
    {
      name: "Set-Cookie, several",
      steps: [set("Set-Cookie", "a"), add("Set-Cookie", "b")],
      is: [["set-cookie", true, "Set-Cookie: a\r\nSet-Cookie: b\r\n", ""]],
    },
    {
      name: "Set-Cookie, added",
      steps: [add("Set-Cookie", "a")],
      is: [["set-cookie", false, "Set-Cookie: a\r\n", ""]],
    },
    {
      name: "white space around a value",
      steps: [set("X-A", " \t1 2 ")],
      is: [["x-a", true, "X-A: 1 2\r\n", ""]],
    },
    { name: "an empty value", steps: [set("X-A", "")], is: [["x-a", true, "X-A: \r\n", ""]] },
    { name: "no value at all", steps: [{ kind: "set", name: "X-A" }], is: [["x-a", true, "X-A: \r\n", ""]] },
    { name: "UTF-8", steps: [set("X-A", "č")], is: [["x-a", true, "X-A: č\r\n", ""]] },
    {
      name: "several names",
      steps: [set("A", "1"), remove("B")],
      is: [
        ["a", true, "A: 1\r\n", ""],
        ["b", true, "", ""],
      ],
    },
  ];
  for (const c of cases) {
    it(`folds ${c.name}`, () => {
      const compiled = compileHeadEdits(c.steps);
      const told = compiled.edits.map((e) => [
        e.lowerCaseName,
        e.replaces,
        e.lines.toString(),
        e.suffix.toString(),
      ]);
      assert.deepEqual(told, c.is);
      assert.equal(
        compiled.replacingLines.toString(),
        c.is.map(([, replaces, text]) => (replaces ? text : "")).join(""),
      );
      assert.equal(
        compiled.appends,
        c.is.some(([, replaces]) => !replaces),
      );
    });
  }

  it("sets Host apart", () => assert.equal(compileHeadEdits([set("HOST", "a"), set("Host", "b")]).host, "b"));

  const ignored: readonly HeadEditStep[] = [
    remove("Host"),
    add("host", "a"),
    set("Host", "a\r\nb"),
    set("Content-Length", "1"),
    set("Transfer-Encoding", "chunked"),
    set("Connection", "close"),
    set("Keep-Alive", "1"),
    set("TE", "trailers"),
    set("Upgrade", "h2c"),
    set("Proxy-Connection", "close"),
    set("HTTP2-Settings", "x"),
    set("", "1"),
    set("a b", "1"),
    set("é", "1"),
    set("X-A", "a\r\nB: c"),
    set("X-A", "a\0"),
  ];
  for (const step of ignored) {
    it(`ignores ${step.kind} ${JSON.stringify(step.name)} ${JSON.stringify(step.value ?? "")}`, () => {
      const compiled = compileHeadEdits([step]);
      assert.deepEqual([compiled.edits, compiled.host], [[], undefined]);
    });
  }

  it("finds the edit of a name in any case", () => {
    const compiled = compileHeadEdits([set("X-Ab", "1"), set("X-Cd", "1")]);
    const find = (name: string) => compiled.editOf(Buffer.from(name), 0, name.length)?.lowerCaseName;
    assert.deepEqual(["x-AB", "X-CD", "x-ef", "x", "x".repeat(36)].map(find), [
      "x-ab",
      "x-cd",
      undefined,
      undefined,
      undefined,
    ]);
  });
});
