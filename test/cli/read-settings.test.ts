import assert from "node:assert/strict";
import { readCommandLine } from "../../src/cli/command-line.ts";
import { type ConfigFile, parseConfigFile } from "../../src/cli/config-file.ts";
import { configKey, type Reading, readSettings, variableName } from "../../src/cli/read-settings.ts";
import { optional, repeatable, setting, toggle } from "../../src/cli/setting.ts";
import { integer, path, text } from "../../src/cli/value-type.ts";

const small = integer({ min: 0, max: 9 });
const flags = {
  "max-tries": setting(small, 3, { help: "" }),
  zone: optional(text("ZONE", /^[a-z]+$/, "a word"), { help: "" }),
  port: repeatable(small, [1, 2], { help: "" }),
  "strict-grants": toggle({ help: "" }),
  config: optional(path("FILE"), { help: "" }),
};
const file = { "limits.size": setting(small, 5, { help: "" }) };
const tables = { flags, file };

interface Given {
  readonly words?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly config?: string;
}

async function read({
  words = [],
  environment = {},
  config = "",
}: Given): Promise<Reading<typeof flags, typeof file>> {
  const parsed = await parseConfigFile("e.yaml", config);
  assert.equal(parsed.kind, "ok");
  const value: ConfigFile | undefined = parsed.kind === "ok" ? parsed.value : undefined;
  return readSettings(tables, { commandLine: readCommandLine(words, flags), environment, config: value });
}

const fallbacks = {
  flags: { "max-tries": 3, zone: undefined, port: [1, 2], "strict-grants": false, config: undefined },
  file: { "limits.size": 5 },
};

describe("readSettings", () => {
  it("gives the fallbacks where nothing is set", async () => {
    assert.deepEqual(await read({}), { ...fallbacks, given: new Set(), problems: [] });
  });

  it("prefers a flag to the environment and the environment to the file", async () => {
    const config = "maxTries: 7";
    const environment = { EASTBOUND_MAX_TRIES: "8" };
    const all = [
      await read({ words: ["--max-tries", "9"], environment, config }),
      await read({ environment, config }),
      await read({ config }),
    ];
    assert.deepEqual(
      all.map((r) => r.flags["max-tries"]),
      [9, 8, 7],
    );
    assert.deepEqual(
      all.map((r) => r.given),
      all.map(() => new Set(["max-tries"])),
    );
  });

  it("takes several values from each source", async () => {
    const all = [
      await read({ words: ["--port", "4", "--port", "5"] }),
      await read({ environment: { EASTBOUND_PORT: "4, 5" } }),
      await read({ config: "port: [4, 5]" }),
      await read({ config: "port: 4" }),
    ];
    assert.deepEqual(
      all.map((r) => r.flags.port),
      [[4, 5], [4, 5], [4, 5], [4]],
    );
  });

  it("takes switches from each source", async () => {
    const all = [
      await read({ words: ["--strict-grants"] }),
      await read({ words: ["--no-strict-grants"], environment: { EASTBOUND_STRICT_GRANTS: "true" } }),
      await read({ environment: { EASTBOUND_STRICT_GRANTS: "true" } }),
      await read({ config: "strictGrants: true" }),
    ];
    assert.deepEqual(
      all.map((r) => r.flags["strict-grants"]),
      [true, false, true, true],
    );
  });

  it("reads keys of groups from the file", async () => {
    assert.deepEqual((await read({ config: "limits:\n  size: 8" })).file, { "limits.size": 8 });
  });

  it("leaves out empty variables and ones that it does not know, as Kubernetes sets for Services", async () => {
    const environment = { EASTBOUND_ZONE: "", EASTBOUND_SERVICE_HOST: "10.96.0.9" };
    assert.deepEqual(await read({ environment }), { ...fallbacks, given: new Set(), problems: [] });
  });

  it("lists every problem and gives fallbacks in its place", async () => {
    const { problems, ...rest } = await read({
      words: ["--max-tries", "10", "--zone=", "--bogus"],
      environment: { EASTBOUND_PORT: "1,x,10", EASTBOUND_STRICT_GRANTS: "yes" },
      config: "limits: { size: 10, siez: 1 }\nconfig: other.yaml\nzone: Z",
    });
    assert.deepEqual(rest, {
      ...fallbacks,
      given: new Set([...Object.keys(fallbacks.flags).slice(0, 4), "limits.size"]),
    });
    assert.deepEqual(
      problems.map((p) => `${p.path} ${p.message}`),
      [
        "--bogus is no flag of this command",
        "e.yaml: limits.siez is no setting of this command; did you mean limits.size?",
        "e.yaml: config is no setting of this command",
        "--max-tries must be 0 to 9, not 10",
        "--zone must not be empty",
        'EASTBOUND_PORT must be a whole number, not "x"; must be 0 to 9, not 10',
        'EASTBOUND_STRICT_GRANTS must be true or false, not "yes"',
        "e.yaml: limits.size must be 0 to 9, not 10",
      ],
    );
  });

  it("refuses what is given twice", async () => {
    const { problems } = await read({
      words: ["--zone", "a", "--zone", "b", "--strict-grants", "--strict-grants"],
    });
    assert.deepEqual(problems, [
      { path: "--zone", message: "must be given once" },
      { path: "--strict-grants", message: "must be given once" },
    ]);
  });

  it("derives the names of variables and keys", () => {
    assert.equal(variableName("drain-timeout"), "EASTBOUND_DRAIN_TIMEOUT");
    assert.equal(configKey("drain-timeout"), "drainTimeout");
  });
});

describe("parseConfigFile", () => {
  const cases = [
    { name: "nothing", text: "", is: {} },
    { name: "comments", text: "# a: b\n", is: {} },
    {
      name: "scalars",
      text: 'a: b\nc: 5\nd: true\ne: "5"',
      is: { a: ["b"], c: ["5"], d: ["true"], e: ["5"] },
    },
    { name: "lists", text: "a: [b, 5]\nc: []", is: { a: ["b", "5"], c: [] } },
    { name: "groups", text: "a:\n  b:\n    c: d", is: { "a.b.c": ["d"] } },
    { name: "JSON", text: '{"a": {"b": 1}}', is: { "a.b": ["1"] } },
  ];
  for (const c of cases) {
    it(`reads ${c.name}`, async () => {
      const parsed = await parseConfigFile("e.yaml", c.text);
      assert.deepEqual(parsed, {
        kind: "ok",
        value: { path: "e.yaml", entries: new Map(Object.entries(c.is)) },
      });
    });
  }

  const wrong = [
    { name: "no mapping", text: "- a", problems: ["e.yaml must be a mapping of settings"] },
    { name: "a lone text", text: "a", problems: ["e.yaml must be a mapping of settings"] },
    {
      name: "values of no use",
      text: "a:\nb: [{c: d}]",
      problems: [
        "e.yaml: a must be a text, a number or true or false",
        "e.yaml: b must be a text, a number or true or false",
      ],
    },
  ];
  for (const c of wrong) {
    it(`refuses ${c.name}`, async () => {
      const parsed = await parseConfigFile("e.yaml", c.text);
      assert.equal(parsed.kind, "invalid");
      const problems = parsed.kind === "invalid" ? parsed.problems : [];
      assert.deepEqual(
        problems.map((p) => `${p.path} ${p.message}`),
        c.problems,
      );
    });
  }

  it("lists every error of syntax, with its line", async () => {
    const parsed = await parseConfigFile("e.yaml", "a: b\na: c\nd: [\n");
    assert.equal(parsed.kind, "invalid");
    const messages = parsed.kind === "invalid" ? parsed.problems.map((p) => p.message) : [];
    assert.equal(messages.length, 2);
    assert.match(messages.join("\n"), /unique at line 2[\s\S]*line 4/);
  });
});
