import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export interface AgentRequest {
  readonly id: number;
  readonly kind: "listen" | "talk";
  readonly address: string;
  readonly port: number;
  readonly text: string;
}

/** What came over a connection, and how it ended: `end`, or an errno code. */
export interface Talk {
  readonly received: string;
  readonly closedBy: string;
}

/** A process in a network namespace that listens and dials there, as root. */
export class NamespaceAgent implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #lastId = 0;

  private constructor(namespace: string) {
    this.#child = fork(join(import.meta.dirname, "network-agent.ts"), [], {
      execPath: "ip",
      execArgv: ["netns", "exec", namespace, process.execPath],
    });
    this.#child.on("message", ({ id, result }: { readonly id: number; readonly result?: unknown }) => {
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    });
  }

  static async start(namespace: string): Promise<NamespaceAgent> {
    const agent = new NamespaceAgent(namespace);
    await once(agent.#child, "message");
    return agent;
  }

  /** A server that answers each read with `text` if that is an HTTP response; else it speaks first and closes. */
  async listen(address: string, port: number, text: string): Promise<void> {
    await this.#ask({ kind: "listen", address, port, text });
  }

  /** Dials, sends the text, and reads until the end or an HTTP response. */
  async talk(address: string, port: number, text = ""): Promise<Talk> {
    return (await this.#ask({ kind: "talk", address, port, text })) as Talk;
  }

  #ask(request: Omit<AgentRequest, "id">): Promise<unknown> {
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, resolve);
    this.#child.send({ id, ...request });
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }
}
