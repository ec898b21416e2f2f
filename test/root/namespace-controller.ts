import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { StubService } from "../support/stub-controller.ts";

export interface ControllerRequest {
  readonly id: number;
  readonly ask: "put" | "remove" | "stop" | "serve";
  readonly services: readonly StubService[];
}

/** A controller's server for sidecars, as a process in a network namespace. */
export class NamespaceController implements AsyncDisposable {
  /** What a sidecar in the same namespace has to be told. */
  readonly flags: readonly string[];
  readonly #child: ChildProcess;
  #lastId = 0;

  private constructor(child: ChildProcess, flags: readonly string[]) {
    this.#child = child;
    this.flags = flags;
  }

  static async start(namespace: string): Promise<NamespaceController> {
    const child = fork(join(import.meta.dirname, "controller-agent.ts"), [], {
      execPath: "ip",
      execArgv: ["netns", "exec", namespace, process.execPath],
    });
    const [{ result }] = (await once(child, "message")) as [{ readonly result: readonly string[] }];
    return new NamespaceController(child, result);
  }

  async put(...services: readonly StubService[]): Promise<void> {
    await this.#ask("put", services);
  }

  async remove(...services: readonly StubService[]): Promise<void> {
    await this.#ask("remove", services);
  }

  /** Serves no longer, as if all replicas were shut down. */
  async stop(): Promise<void> {
    await this.#ask("stop", []);
  }

  /** Serves again, at the same place. */
  async serve(): Promise<void> {
    await this.#ask("serve", []);
  }

  async #ask(ask: ControllerRequest["ask"], services: readonly StubService[]): Promise<void> {
    const id = ++this.#lastId;
    this.#child.send({ id, ask, services });
    for (;;) {
      const [message] = (await once(this.#child, "message")) as [{ readonly id: number }];
      if (message.id === id) return;
    }
  }

  /** Is gone at once. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }
}
