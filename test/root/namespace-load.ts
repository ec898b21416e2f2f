import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export interface LoadRequest {
  readonly id: number;
  readonly kind: "begin-pod" | "end-pod" | "begin-load" | "end-load" | "report";
  readonly address: string;
  readonly port: number;
  readonly body: string;
}

export interface LoadReport {
  /** How often each body came. */
  readonly answers: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
}

/** Pods in a network namespace, and a client of a Service there that never sends a request twice. */
export class NamespaceLoad implements AsyncDisposable {
  readonly #child: ChildProcess;
  #lastId = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(namespace: string): Promise<NamespaceLoad> {
    const child = fork(join(import.meta.dirname, "load-agent.ts"), [], {
      execPath: "ip",
      execArgv: ["netns", "exec", namespace, process.execPath],
    });
    await once(child, "message");
    return new NamespaceLoad(child);
  }

  async beginPod(address: string, port: number, body: string): Promise<void> {
    await this.#ask({ kind: "begin-pod", address, port, body });
  }

  /** Takes no more connections, and closes those that there are with their next answer. */
  async endPod(address: string, port: number): Promise<void> {
    await this.#ask({ kind: "end-pod", address, port, body: "" });
  }

  async begin(address: string, port: number): Promise<void> {
    await this.#ask({ kind: "begin-load", address, port, body: "" });
  }

  /** Waits until so many more answers have this body. */
  async answered(body: string, count: number): Promise<void> {
    const before = (await this.#report("report")).answers[body] ?? 0;
    while (((await this.#report("report")).answers[body] ?? 0) < before + count) continue;
  }

  /** What became of all requests. */
  end(): Promise<LoadReport> {
    return this.#report("end-load");
  }

  async #report(kind: "report" | "end-load"): Promise<LoadReport> {
    return (await this.#ask({ kind, address: "", port: 0, body: "" })) as LoadReport;
  }

  async #ask(request: Omit<LoadRequest, "id">): Promise<unknown> {
    const id = ++this.#lastId;
    this.#child.send({ id, ...request });
    for (;;) {
      const [message] = (await once(this.#child, "message")) as [{ readonly id: number; result: unknown }];
      if (message.id === id) return message.result;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }
}
