import assert from "node:assert/strict";
import { readCommandLine } from "../../src/cli/command-line.ts";
import { optional, repeatable, toggle } from "../../src/cli/setting.ts";
import { text } from "../../src/cli/value-type.ts";

const word = text("WORD", /./, "a word");
const settings = {
  admin: optional(word, { help: "" }),
  header: repeatable(word, [], { help: "", short: "H" }),
  "strict-grants": toggle({ help: "" }),
};

interface Case {
  readonly words: readonly string[];
  readonly given?: Readonly<Record<string, readonly string[]>>;
  readonly operands?: readonly string[];
  readonly problems?: readonly string[];
}

const cases: readonly Case[] = [
  { words: [] },
  { words: ["--admin", "x"], given: { admin: ["x"] } },
  { words: ["--admin=x=y"], given: { admin: ["x=y"] } },
  { words: ["--admin="], given: { admin: [""] } },
  { words: ["--admin", "-"], given: { admin: ["-"] } },
  { words: ["--admin=--x"], given: { admin: ["--x"] } },
  { words: ["--admin", "x", "--admin", "y"], given: { admin: ["x", "y"] } },
  { words: ["-H", "a: b", "--header", "c: d", "-He"], given: { header: ["a: b", "c: d", "e"] } },
  { words: ["--strict-grants"], given: { "strict-grants": ["true"] } },
  { words: ["--strict-grants", "x"], given: { "strict-grants": ["true"] }, operands: ["x"] },
  { words: ["--strict-grants=false"], given: { "strict-grants": ["false"] } },
  { words: ["--no-strict-grants"], given: { "strict-grants": ["false"] } },
  { words: ["GET", "-", "--", "--admin", "-H"], operands: ["GET", "-", "--admin", "-H"] },
  { words: ["--admin"], problems: ["--admin needs a value: --admin=WORD"] },
  {
    words: ["--admin", "--strict-grants"],
    given: { "strict-grants": ["true"] },
    problems: ["--admin needs a value: --admin=WORD"],
  },
  { words: ["-H"], problems: ["--header needs a value: --header=WORD"] },
  {
    words: ["--admni", "x"],
    operands: ["x"],
    problems: ["--admni is no flag of this command; did you mean --admin?"],
  },
  { words: ["--verbose=x"], problems: ["--verbose is no flag of this command"] },
  { words: ["--no-admin"], problems: ["--no-admin is no flag of this command; did you mean --admin?"] },
  {
    words: ["--no-strict-grants=true"],
    problems: ["--no-strict-grants is no flag of this command; did you mean --strict-grants?"],
  },
  { words: ["--constructor"], problems: ["--constructor is no flag of this command"] },
  { words: ["-x", "-yz"], problems: ["-x is no flag of this command", "-y is no flag of this command"] },
];

describe("readCommandLine", () => {
  for (const c of cases) {
    it(`reads ${JSON.stringify(c.words.join(" "))}`, () => {
      const read = readCommandLine(c.words, settings);
      assert.deepEqual(Object.fromEntries(read.given), c.given ?? {});
      assert.deepEqual(read.operands, c.operands ?? []);
      assert.deepEqual(
        read.problems.map((p) => `${p.path} ${p.message}`),
        c.problems ?? [],
      );
    });
  }
});
