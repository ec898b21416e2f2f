import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

export interface NetworkRequest {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** 10 s where it is not given. */
  readonly timeoutMs?: number;
}

export interface NetworkAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Waiting {
  readonly resolve: (answer: NetworkAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** An HTTP client in another network namespace: a node's, or a pod's. Each request has a connection of its own. */
export class NetworkClient implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #sent = 0;

  /** `through` are words that run a program in that network, as `rig().inNetwork` has them. */
  constructor(through: readonly string[]) {
    const agent = join(import.meta.dirname, "network-agent.ts");
    this.#child = spawn("env", [...through, process.execPath, agent], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#child.on("message", (message: NetworkAnswer & { readonly id: number; readonly error?: string }) => {
      const { resolve, reject } = this.#waiting.get(message.id) ?? {};
      this.#waiting.delete(message.id);
      if (message.error === undefined) resolve?.(message);
      else reject?.(new Error(message.error));
    });
    this.#child.on("exit", (code, signal) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`the client ended: ${code ?? signal}`));
      this.#waiting.clear();
    });
  }

  /** Rejects where there is no answer. */
  request(request: NetworkRequest): Promise<NetworkAnswer> {
    const id = this.#sent++;
    const { promise, resolve, reject } = Promise.withResolvers<NetworkAnswer>();
    this.#waiting.set(id, { resolve, reject });
    this.#child.send({ id, ...request });
    return promise;
  }

  /** Asks again till there is an answer: kube-proxy follows a Service later, and nothing tells when. */
  async answered(request: NetworkRequest, withinMs = 10_000): Promise<NetworkAnswer> {
    const end = performance.now() + withinMs;
    for (;;) {
      try {
        return await this.request(request);
      } catch (error) {
        if (performance.now() > end) throw error;
        await delay(100);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }
}
