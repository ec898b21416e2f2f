import { messageOf } from "../resources/error-message.ts";
import type { Problem } from "../resources/result.ts";
import { closest } from "./closest.ts";
import type { Command, CommandContext, ExitCode, PlanInput } from "./command.ts";
import type { CommandEntry } from "./commands.ts";
import { type ConfigFile, parseConfigFile } from "./config-file.ts";
import { version } from "./version.ts";

/** The world around a run of the program. */
export interface Surroundings extends Omit<CommandContext, "log"> {
  /** The words after the program's name. */
  readonly words: readonly string[];
  readonly readFile: (path: string) => Promise<string>;
  readonly commands: readonly CommandEntry[];
}

/** Runs the command that the words name, and nothing else of the program is loaded. */
export async function runCommandLine(around: Surroundings): Promise<ExitCode> {
  const [first, ...rest] = around.words;
  const [name, words] = first === "help" ? [rest[0] ?? "--help", ["--help"]] : [first, rest];
  if (name === "--version") {
    around.writeOut(`eastbound ${version}\n`);
    return 0;
  }
  if (name === undefined || isHelp(name)) {
    const { renderOverview } = await import("./help.ts");
    const write = name === undefined ? around.writeError : around.writeOut;
    write(renderOverview(around.commands));
    return name === undefined ? 2 : 0;
  }
  const entry = around.commands.find((candidate) => candidate.name === name);
  if (entry === undefined) return refuse(around, "", [unknownCommand(name, around.commands)]);
  return await runCommand(entry.name, await entry.load(), { ...around, words });
}

async function runCommand(name: string, command: Command, around: Surroundings): Promise<ExitCode> {
  const { words } = around;
  const end = words.indexOf("--");
  if (words.slice(0, end < 0 ? undefined : end).some(isHelp)) {
    const { renderCommandHelp } = await import("./help.ts");
    around.writeOut(renderCommandHelp(name, command));
    return 0;
  }
  const config = await readConfig(command, around);
  const planned = command.plan({ ...around, config: config.file });
  const problems = [...config.problems, ...(planned.kind === "invalid" ? planned.problems : [])];
  if (planned.kind === "invalid" || problems.length > 0) return refuse(around, ` ${name}`, problems);
  return await planned.value.run({ ...around, log: planned.value.log });
}

interface ConfigReading {
  readonly file: ConfigFile | undefined;
  readonly problems: readonly Problem[];
}

async function readConfig(
  command: Command,
  around: Surroundings & Omit<PlanInput, "config">,
): Promise<ConfigReading> {
  const path = command.configPath(around);
  if (path === undefined) return { file: undefined, problems: [] };
  let content: string;
  try {
    content = await around.readFile(path);
  } catch (error) {
    const message = `can't be read: ${messageOf(error)}`;
    return { file: undefined, problems: [{ path, message }] };
  }
  const parsed = await parseConfigFile(path, content);
  return parsed.kind === "ok"
    ? { file: parsed.value, problems: [] }
    : { file: undefined, problems: parsed.problems };
}

function unknownCommand(name: string, commands: readonly CommandEntry[]): Problem {
  const names = commands.map((entry) => entry.name);
  const meant = closest(name, names);
  const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
  return { path: name, message: `is no command${hint}` };
}

function refuse(around: Surroundings, command: string, problems: readonly Problem[]): ExitCode {
  const listed = problems.map(({ path, message }) => `eastbound: ${path} ${message}\n`);
  around.writeError(`${listed.join("")}Try: eastbound${command} --help\n`);
  return 2;
}

function isHelp(word: string): boolean {
  return word === "--help" || word === "-h";
}
