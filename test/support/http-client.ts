import { once } from "node:events";
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** A client that keeps its connections between requests until it is disposed of. */
export class HttpClient implements Disposable {
  readonly #agent: Agent;

  constructor(maxSockets = 1) {
    this.#agent = new Agent({ keepAlive: true, maxSockets });
  }

  async ask(
    { host, port }: Target,
    path: string,
    options: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Answer> {
    const outgoing = request({ host, port, path, agent: this.#agent, ...options });
    outgoing.end();
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    let body = "";
    for await (const chunk of response.setEncoding("utf8")) body += String(chunk);
    return { status: response.statusCode ?? 0, headers: response.headers, body };
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
