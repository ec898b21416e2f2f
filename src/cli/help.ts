import type { Command } from "./command.ts";
import type { CommandEntry } from "./commands.ts";
import { configKey, variableName } from "./read-settings.ts";
import type { Setting, Settings } from "./setting.ts";
import { wrapWords } from "./wrap-words.ts";

const width = 100;
const widestLeft = 30;

/** What `eastbound --help` prints. */
export function renderOverview(commands: readonly CommandEntry[]): string {
  return lines([
    "Usage: eastbound COMMAND [flags]",
    "",
    "The sidecar of an east-west service mesh for Kubernetes.",
    "",
    "Commands:",
    ...table(commands.map(({ name, summary }) => [name, summary])),
    "",
    "eastbound COMMAND --help tells the flags of a command, eastbound --version the version.",
    "",
    "Exit codes: 0 done; 1 failed; 2 wrong usage or configuration.",
  ]);
}

/** What `eastbound COMMAND --help` prints. */
export function renderCommandHelp(name: string, command: Command): string {
  const operands = command.operands.map((operand) => operand.name);
  const example = Object.keys(command.flags).find((flag) => flag.includes("-")) ?? "config";
  return lines([
    ["Usage: eastbound", name, ...operands, "[flags]"].join(" "),
    "",
    ...wrapWords(command.about, width),
    ...section(
      "Arguments:",
      command.operands.map((operand) => [operand.name, operand.help]),
    ),
    ...section("Flags:", [...flagRows(command.flags), ["--help", "Print this"]]),
    "",
    ...wrapWords(
      `Flags can be set in the environment too, --${example} as ${variableName(example)}, and in the file that ` +
        `--config names, as ${configKey(example)}. A flag wins over the environment, the environment over the file.`,
      width,
    ),
    ...section("In the configuration file only:", fileRows(command.file)),
  ]);
}

type Row = readonly [string, string];

function section(title: string, rows: readonly Row[]): readonly string[] {
  return rows.length === 0 ? [] : ["", title, ...table(rows)];
}

function flagRows(settings: Settings): readonly Row[] {
  return Object.entries(settings).map(([name, setting]) => {
    const short = setting.short === undefined ? "" : `-${setting.short}, `;
    const value = setting.placeholder === undefined ? "" : ` ${setting.placeholder}`;
    return [`${short}--${name}${value}`, describeSetting(setting)];
  });
}

function fileRows(settings: Settings): readonly Row[] {
  return Object.entries(settings).map(([key, setting]) => [key, describeSetting(setting)]);
}

/** The help of a setting with its default: `How it is logged (default: json)`. */
function describeSetting({ help, isRepeatable, shownFallback }: Setting<unknown>): string {
  const notes = [
    ...(isRepeatable ? ["repeatable"] : []),
    ...(shownFallback === undefined ? [] : [`default: ${shownFallback}`]),
  ];
  return notes.length === 0 ? help : `${help} (${notes.join("; ")})`;
}

/** Two columns; what is too long on the left gets a line of its own. */
function table(rows: readonly Row[]): readonly string[] {
  const lengths = rows.map(([left]) => left.length).filter((length) => length <= widestLeft);
  const column = Math.max(0, ...lengths);
  const indent = " ".repeat(column + 4);
  return rows.flatMap(([left, right]) => {
    const wrapped = wrapWords(right, width - indent.length);
    if (left.length > column) return [`  ${left}`, ...wrapped.map((line) => indent + line)];
    const [first = "", ...rest] = wrapped;
    return [`  ${left.padEnd(column)}  ${first}`.trimEnd(), ...rest.map((line) => indent + line)];
  });
}

function lines(all: readonly string[]): string {
  return `${all.join("\n")}\n`;
}
