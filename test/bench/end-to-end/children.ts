import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { getPriority } from "node:os";
import type { Readable } from "node:stream";

/** How much of what a program says is kept, for the message when it fails. */
const TAIL_CHARACTERS = 4_096;

/** A program that runs until it is stopped. */
export interface Child extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** Fails with what the program said once it has ended. */
  assertAlive(): void;
}

export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The core it is pinned to; any where there is none. */
  readonly cpu?: number;
}

/**
 * The programs that a run has started. Each is the head of a process group of its own, so that it ends together with its
 * workers, and no other process is ever touched.
 */
export class Children implements AsyncDisposable {
  readonly #running = new Set<ChildProcess>();

  async start(options: ChildOptions): Promise<Child> {
    const { name } = options;
    const child = spawnPinned(options);
    let tail = "";
    const keep = (chunk: Buffer): void => {
      tail = (tail + chunk.toString()).slice(-TAIL_CHARACTERS);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    await once(child, "spawn");
    const { pid } = child;
    if (pid === undefined) throw new Error(`${name} has no process id`);
    this.#running.add(child);
    return {
      name,
      pid,
      assertAlive: () => {
        if (hasEnded(child)) throw new Error(`${name} has ended: ${tail}`);
      },
      [Symbol.asyncDispose]: () => this.#stop(child),
    };
  }

  /** Ends all of them at once, without waiting: for signals. */
  kill(): void {
    for (const child of this.#running) killGroup(child);
  }

  async #stop(child: ChildProcess): Promise<void> {
    this.#running.delete(child);
    if (hasEnded(child)) return;
    const ended = once(child, "exit");
    killGroup(child);
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running].map((child) => this.#stop(child)));
  }
}

/** The head of a process group, pinned to its core. */
function spawnPinned({ command, args, cpu }: ChildOptions): ChildProcessByStdio<null, Readable, Readable> {
  const [program, words] =
    cpu === undefined ? [command, args] : ["taskset", ["--cpu-list", String(cpu), command, ...args]];
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  if (child.pid !== undefined) passNiceness(child.pid);
  return child;
}

/**
 * Where the kernel groups processes by session (sched(7), "The autogroup feature"), niceness counts within a session
 * only, and the head of a group is in a session of its own: its group gets the niceness of this process.
 */
function passNiceness(pid: number): void {
  const file = `/proc/${pid}/autogroup`;
  if (getPriority() !== 0 && existsSync(file)) writeFileSync(file, String(getPriority()));
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || hasEnded(child)) return;
  process.kill(-child.pid, "SIGKILL");
}

/** What a program prints that ends by itself; fails where it fails. */
export async function outputOf(options: ChildOptions): Promise<string> {
  const { name } = options;
  const child = spawnPinned(options);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${name} failed with ${code}: ${output}`);
  return output;
}
