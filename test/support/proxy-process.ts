import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** The program as it stands in the sources. */
const SOURCE_PROGRAM = join(import.meta.dirname, "../../src/cli/main.ts");

export interface ProxyProcessOptions {
  /** `proxy` where it is not given. */
  readonly command?: "proxy" | "controller";
  /** The words after the command. */
  readonly flags: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** What Node runs; the sources without it. */
  readonly program?: string;
  /** Flags of Node itself. */
  readonly nodeFlags?: readonly string[];
  /** A program with its words that runs Node: `["ip", "netns", "exec", "x"]`. It must become Node, not start it. */
  readonly through?: readonly string[];
}

/** A line of the proxy's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly message: string };

/** How a process ended: a code, or the signal that killed it. */
export type ProcessEnd = number | NodeJS.Signals;

/** `eastbound proxy`, or `controller`, as a process of its own. Killed, if need be, when disposed of. */
export class ProxyProcess implements AsyncDisposable {
  readonly ended: Promise<ProcessEnd>;
  /** Its log so far. Lines that are no JSON stand as messages. */
  readonly log: LogLine[] = [];
  /** What it printed to standard output so far, by lines. */
  readonly output: string[] = [];
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #watchers = new Set<() => void>();
  #hasEnded = false;

  constructor({ command = "proxy", flags, environment, program, nodeFlags, through }: ProxyProcessOptions) {
    const node = [process.execPath, ...(nodeFlags ?? []), program ?? SOURCE_PROGRAM, command, ...flags];
    const [file = "", ...words] = [...(through ?? []), ...node];
    this.#child = spawn(file, words, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...environment },
    });
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      this.output.push(line);
      this.#notify();
    });
    createInterface({ input: this.#child.stderr }).on("line", (line) => {
      this.log.push(parseLine(line));
      this.#notify();
    });
    this.ended = once(this.#child, "close").then(([code, signal]) => {
      this.#hasEnded = true;
      this.#notify();
      return (code ?? signal) as ProcessEnd;
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The first line of its log with the message, and the fields if given, which may be still to come. */
  async logged(message: string, fields: Readonly<Record<string, unknown>> = {}): Promise<LogLine> {
    const isMeant = (line: LogLine): boolean =>
      line.message === message && Object.entries(fields).every(([name, value]) => line[name] === value);
    for (;;) {
      const found = this.log.find(isMeant);
      if (found !== undefined) return found;
      await this.#change(`log ${JSON.stringify({ message, ...fields })}`);
    }
  }

  /** Waits until it printed so many lines. */
  async printed(count: number): Promise<readonly string[]> {
    while (this.output.length < count) await this.#change(`print ${count} lines`);
    return this.output;
  }

  async #change(what: string): Promise<void> {
    if (this.#hasEnded) {
      throw new Error(`the proxy ended and did not ${what}: ${JSON.stringify(this.log, undefined, 1)}`);
    }
    await new Promise<void>((resolve) => {
      this.#watchers.add(resolve);
    });
  }

  #notify(): void {
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const watcher of watchers) watcher();
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { message: line };
  }
}
