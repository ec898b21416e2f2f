import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { get } from "node:http";
import { createInterface } from "node:readline";
import { type AccessLine, parseAccessLine, parseObject } from "./access-line.ts";
import { configurationProblems } from "./configuration-problems.ts";

export interface SidecarOptions {
  /** The file to start: this program. */
  readonly program: string;
  readonly manifests: string;
  readonly adminPort: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly onRequest: (line: AccessLine) => void;
}

/** How long requests may go on when the demo ends. */
const DRAIN_TIMEOUT = "2s";

/** `eastbound proxy` as a process of its own, as it would run beside an application. */
export class Sidecar {
  readonly #process: ChildProcess;
  readonly #adminPort: number;
  readonly #errors: string[] = [];
  readonly #serving = Promise.withResolvers<void>();
  /** Resolves with what it said went wrong, if anything, once the process is gone. */
  readonly ended: Promise<string>;

  constructor({ program, manifests, adminPort, environment, onRequest }: SidecarOptions) {
    const words = ["proxy", "--manifests", manifests, "--admin", `127.0.0.1:${adminPort}`];
    const logging = ["--access-log", "json", "--log-format", "json", "--drain-timeout", DRAIN_TIMEOUT];
    this.#adminPort = adminPort;
    this.#process = spawn(process.execPath, [program, ...words, ...logging], {
      stdio: ["ignore", "pipe", "pipe"],
      // A process group of its own: Ctrl-C is for the demo, which then ends the sidecar in its turn.
      detached: true,
      env: withoutSettings(environment),
    });
    this.#readLines(onRequest);
    this.ended = once(this.#process, "close").then(() => {
      this.#serving.resolve();
      return this.#errors.join("; ");
    });
  }

  #readLines(onRequest: (line: AccessLine) => void): void {
    const { stdout, stderr } = this.#process;
    if (stdout === null || stderr === null) return;
    createInterface(stdout).on("line", (line) => {
      const request = parseAccessLine(line);
      if (request !== undefined) onRequest(request);
    });
    createInterface(stderr).on("line", (line) => {
      const { message, level, error } = parseObject(line);
      if (message === "serving") this.#serving.resolve();
      if (message === undefined) this.#errors.push(line);
      else if (level === "error") this.#errors.push(`${JSON.stringify(message)}: ${JSON.stringify(error)}`);
    });
  }

  /** False where it ended before it served anything. */
  async serves(): Promise<boolean> {
    await this.#serving.promise;
    return this.isRunning;
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** What is wrong with its configuration at the moment, a line each; nothing where it is about to end. */
  async problems(): Promise<readonly string[]> {
    try {
      const request = get({ host: "127.0.0.1", port: this.#adminPort, path: "/config", agent: false });
      const [response] = (await once(request, "response")) as [AsyncIterable<Buffer>];
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      return configurationProblems(JSON.parse(Buffer.concat(chunks).toString()));
    } catch (error) {
      if (error instanceof Error && "code" in error) return [];
      throw error;
    }
  }

  /** Lets it finish what is under way. */
  async drain(): Promise<void> {
    if (this.isRunning) this.#process.kill("SIGTERM");
    await this.ended;
  }

  kill(): void {
    if (this.isRunning) this.#process.kill("SIGKILL");
  }
}

/** Settings of the user's own sidecar are none of the demo's. */
function withoutSettings(environment: SidecarOptions["environment"]): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("EASTBOUND_")));
}
