import assert from "node:assert/strict";
import { type Command, type CommandContext, defineCommand } from "../../src/cli/command.ts";
import type { CommandEntry } from "../../src/cli/commands.ts";
import { runCommandLine } from "../../src/cli/run-command-line.ts";
import { optional, repeatable, setting } from "../../src/cli/setting.ts";
import { integer, text } from "../../src/cli/value-type.ts";
import { version } from "../../src/cli/version.ts";

interface Greeting {
  readonly name: string;
  readonly times: number;
  readonly loudness: number;
}

const greet = defineCommand({
  about: "Says hello to somebody, as often as asked for.",
  operands: [{ name: "NAME", help: "Whom to greet" }],
  flags: {
    times: setting(integer({ min: 1, max: 9 }), 1, { help: "How often" }),
    "by-whom": optional(text("NAME", /^\w+$/, "a name"), { help: "Who says it" }),
    header: repeatable(text("LINE", /./, "a line"), [], { help: "A line to say before", short: "H" }),
  },
  file: { "limits.loudness": setting(integer({ min: 0, max: 9 }), 5, { help: "How loud" }) },
  check: ({ flags, file, operands, given }) => {
    if (given.has("by-whom") && flags.times > 1) {
      return { kind: "invalid", problems: [{ path: "--times", message: "can't be had with --by-whom" }] };
    }
    const greeting: Greeting = {
      name: operands[0] ?? "",
      times: flags.times,
      loudness: file["limits.loudness"],
    };
    return { kind: "ok", value: greeting };
  },
  run: ({ name, times, loudness }, { writeOut, log }: CommandContext) => {
    writeOut(`${"hello ".repeat(times)}${name} ${loudness} ${log.level} ${log.format}\n`);
    return Promise.resolve(name === "nobody" ? 1 : 0);
  },
});

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

interface Given {
  readonly environment?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly isTerminal?: boolean;
  readonly commands?: readonly CommandEntry[];
}

const loads = (name: string, load: () => Promise<Command>): CommandEntry => ({
  name,
  summary: `To ${name}`,
  load,
});
const notLoaded = loads("sleep", () => Promise.reject(new Error("loaded for nothing")));

async function run(words: readonly string[], given: Given = {}): Promise<Outcome> {
  const texts = { out: "", error: "" };
  const code = await runCommandLine({
    words,
    environment: given.environment ?? {},
    isTerminal: given.isTerminal ?? false,
    isOutputTerminal: false,
    readFile: (path) => {
      const content = given.files?.[path];
      return content === undefined ? Promise.reject(new Error("no such file")) : Promise.resolve(content);
    },
    writeOut: (text) => (texts.out += text),
    writeError: (text) => (texts.error += text),
    commands: given.commands ?? [loads("greet", () => Promise.resolve(greet)), notLoaded],
  });
  return { code, ...texts };
}

const overview = `Usage: eastbound COMMAND [flags]

The sidecar of an east-west service mesh for Kubernetes.

Commands:
  greet  To greet
  sleep  To sleep

eastbound COMMAND --help tells the flags of a command, eastbound --version the version.

Exit codes: 0 done; 1 failed; 2 wrong usage or configuration.
`;

const help = `Usage: eastbound greet NAME [flags]

Says hello to somebody, as often as asked for.

Arguments:
  NAME  Whom to greet

Flags:
  --times N               How often (default: 1)
  --by-whom NAME          Who says it
  -H, --header LINE       A line to say before (repeatable)
  --log-level error|warn|info|debug
                          The least that is logged (default: info)
  --log-format json|text  How it is logged (default: text on a terminal, else json)
  --config FILE           A YAML file of settings; flags and environment win over it
  --help                  Print this

Flags can be set in the environment too, --by-whom as EASTBOUND_BY_WHOM, and in the file that
--config names, as byWhom. A flag wins over the environment, the environment over the file.

In the configuration file only:
  limits.loudness  How loud (default: 5)
`;

describe("eastbound", () => {
  for (const words of [["--help"], ["-h"], ["help"], ["--help", "greet"]]) {
    it(`tells its commands: ${words.join(" ")}`, async () => {
      assert.deepEqual(await run(words), { code: 0, out: overview, error: "" });
    });
  }

  it("tells them as an error where no command is named", async () => {
    assert.deepEqual(await run([]), { code: 2, out: "", error: overview });
  });

  for (const words of [
    ["greet", "--help"],
    ["greet", "-h"],
    ["help", "greet"],
    ["greet", "--times", "x", "--help"],
  ]) {
    it(`tells the flags of a command: ${words.join(" ")}`, async () => {
      assert.deepEqual(await run(words), { code: 0, out: help, error: "" });
    });
  }

  it("tells its version", async () => {
    assert.deepEqual(await run(["--version"]), { code: 0, out: `eastbound ${version}\n`, error: "" });
  });

  it("runs a command with what was set", async () => {
    const words = ["greet", "Ada", "--config", "e.yaml", "--log-level=debug"];
    const environment = { EASTBOUND_TIMES: "2" };
    const files = { "e.yaml": "limits: { loudness: 7 }\ntimes: 3" };
    const out = "hello hello Ada 7 debug json\n";
    assert.deepEqual(await run(words, { environment, files }), { code: 0, out, error: "" });
  });

  it("finds the configuration file in the environment", async () => {
    const given = { environment: { EASTBOUND_CONFIG: "e.yaml" }, files: { "e.yaml": "times: 3" } };
    assert.equal((await run(["greet", "Ada"], given)).out, "hello hello hello Ada 5 info json\n");
  });

  it("logs text on a terminal, unless told otherwise", async () => {
    assert.equal((await run(["greet", "Ada"], { isTerminal: true })).out, "hello Ada 5 info text\n");
    const words = ["greet", "Ada", "--log-format", "json"];
    assert.equal((await run(words, { isTerminal: true })).out, "hello Ada 5 info json\n");
  });

  it("ends with the code of the command", async () => {
    assert.equal((await run(["greet", "nobody"])).code, 1);
  });

  it("takes what follows -- as it is", async () => {
    assert.equal((await run(["greet", "--", "--help"])).out, "hello --help 5 info json\n");
  });

  const wrong: readonly {
    readonly words: readonly string[];
    readonly files?: Given["files"];
    readonly says: string;
  }[] = [
    {
      words: ["gret"],
      says: "eastbound: gret is no command; did you mean greet?\nTry: eastbound --help\n",
    },
    { words: ["--times", "3"], says: "eastbound: --times is no command\nTry: eastbound --help\n" },
    {
      words: ["greet"],
      says: "eastbound: NAME is missing\nTry: eastbound greet --help\n",
    },
    {
      words: ["greet", "a", "b", "c"],
      says: "eastbound: b is not expected here\neastbound: c is not expected here\nTry: eastbound greet --help\n",
    },
    {
      words: ["greet", "--config", "e.yaml", "--tims", "--log-level=loud"],
      files: { "e.yaml": "times: 0\nlimits: { loudness: x }\nbogus: 1" },
      says: [
        "eastbound: --tims is no flag of this command; did you mean --times?",
        "eastbound: e.yaml: bogus is no setting of this command",
        "eastbound: e.yaml: times must be 1 to 9, not 0",
        'eastbound: --log-level must be error or warn or info or debug, not "loud"',
        'eastbound: e.yaml: limits.loudness must be a whole number, not "x"',
        "eastbound: NAME is missing",
        "Try: eastbound greet --help\n",
      ].join("\n"),
    },
    {
      words: ["greet", "a", "--times=2", "--by-whom=!"],
      says: [
        'eastbound: --by-whom must be a name, not "!"',
        "eastbound: --times can't be had with --by-whom",
        "Try: eastbound greet --help\n",
      ].join("\n"),
    },
    {
      words: ["greet", "a", "--times=2", "--times=3", "--by-whom=b"],
      says: "eastbound: --times must be given once\nTry: eastbound greet --help\n",
    },
    {
      words: ["greet", "--config", "none.yaml"],
      says: [
        "eastbound: none.yaml can't be read: no such file",
        "eastbound: NAME is missing",
        "Try: eastbound greet --help\n",
      ].join("\n"),
    },
    {
      words: ["greet", "Ada", "--config", "e.yaml"],
      files: { "e.yaml": "- times" },
      says: "eastbound: e.yaml must be a mapping of settings\nTry: eastbound greet --help\n",
    },
  ];
  for (const { words, files = {}, says } of wrong) {
    it(`lists what is wrong with: ${words.join(" ")}`, async () => {
      assert.deepEqual(await run(words, { files }), { code: 2, out: "", error: says });
    });
  }

  it("lets a defect of a command through", async () => {
    await assert.rejects(run(["sleep"]), /loaded for nothing/);
  });
});
