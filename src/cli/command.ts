import type { Problem, Result } from "../resources/result.ts";
import { readCommandLine } from "./command-line.ts";
import type { ConfigFile } from "./config-file.ts";
import { generalSettings, type LogSettings, logSettingsOf } from "./general-settings.ts";
import { readSettings } from "./read-settings.ts";
import type { Settings, ValuesOf } from "./setting.ts";

/** 0 done; 1 failed; 2 wrong usage or configuration. */
export type ExitCode = 0 | 1 | 2;

/** A word that a command takes besides flags: `METHOD` of `explain METHOD URL`. All are needed. */
export interface Operand {
  readonly name: string;
  readonly help: string;
}

/** What a command may touch, so that tests can stand in. */
export interface CommandContext {
  readonly log: LogSettings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether the stream of errors and of the log goes to a terminal. */
  readonly isTerminal: boolean;
  /** Whether what `writeOut` writes goes to a terminal. */
  readonly isOutputTerminal: boolean;
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
}

/** What a command is made of: tables, a pure check of what they hold together, and what it does. */
export interface CommandSpec<F extends Settings, C extends Settings, P> {
  /** What it does, in a few sentences, for its help. */
  readonly about: string;
  readonly operands?: readonly Operand[];
  readonly flags: F;
  /** Settings that only the configuration file holds, by their keys in it. */
  readonly file: C;
  /**
   * Turns values into what `run` takes. Called with fallbacks in the place of values that are wrong, so that its
   * problems are listed beside theirs; `given` has the names that were set.
   */
  readonly check: (input: CheckInput<F, C>) => Result<P>;
  readonly run: (plan: P, context: CommandContext) => Promise<ExitCode>;
}

export interface CheckInput<F extends Settings, C extends Settings> {
  readonly flags: ValuesOf<F>;
  readonly file: ValuesOf<C>;
  readonly operands: readonly string[];
  readonly given: ReadonlySet<string>;
}

/** A command, its own types hidden. */
export interface Command {
  readonly about: string;
  readonly operands: readonly Operand[];
  readonly flags: Settings;
  readonly file: Settings;
  /** The configuration file that the words or the environment name. */
  readonly configPath: (input: Omit<PlanInput, "config">) => string | undefined;
  /** Pure: what to do, or every problem of usage and configuration. */
  readonly plan: (input: PlanInput) => Result<PlannedRun>;
}

export interface PlanInput {
  /** The words after the command's name. */
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly config: ConfigFile | undefined;
  readonly isTerminal: boolean;
}

export interface PlannedRun {
  readonly log: LogSettings;
  readonly run: (context: CommandContext) => Promise<ExitCode>;
}

export function defineCommand<F extends Settings, C extends Settings, P>(
  spec: CommandSpec<F, C, P>,
): Command {
  const flags = { ...spec.flags, ...generalSettings };
  const operands = spec.operands ?? [];
  return {
    about: spec.about,
    operands,
    flags,
    file: spec.file,
    configPath: ({ words, environment }) => {
      const commandLine = readCommandLine(words, flags);
      return readSettings(
        { flags: generalSettings, file: {} },
        { commandLine, environment, config: undefined },
      ).flags.config;
    },
    plan: ({ words, environment, config, isTerminal }) => {
      const commandLine = readCommandLine(words, flags);
      const tables = { flags, file: spec.file };
      const reading = readSettings(tables, { commandLine, environment, config });
      const checked = spec.check({ ...reading, operands: commandLine.operands });
      const problems = [...reading.problems, ...operandProblems(operands, commandLine.operands)];
      if (checked.kind === "invalid")
        problems.push(...checked.problems.filter((p) => !isBlamed(p, problems)));
      if (checked.kind === "invalid" || problems.length > 0) return { kind: "invalid", problems };
      return {
        kind: "ok",
        value: {
          log: logSettingsOf(reading.flags, isTerminal),
          run: (context) => spec.run(checked.value, context),
        },
      };
    },
  };
}

function operandProblems(wanted: readonly Operand[], given: readonly string[]): readonly Problem[] {
  const missing = wanted.slice(given.length).map(({ name }) => ({ path: name, message: "is missing" }));
  const extra = given.slice(wanted.length).map((word) => ({ path: word, message: "is not expected here" }));
  return [...missing, ...extra];
}

/** Whether what a problem is about was found wrong already. */
function isBlamed(problem: Problem, earlier: readonly Problem[]): boolean {
  return earlier.some(({ path }) => path === problem.path);
}
