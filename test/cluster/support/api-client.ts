import { once } from "node:events";
import type { ClientRequest, IncomingMessage } from "node:http";
import { type RequestOptions, request } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";

/** What the API server answered where it was no success. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface ApiRequest {
  readonly method?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** One event of a watch. */
export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: unknown;
}

/** Plain calls of the Kubernetes API with the credentials of a kubeconfig: for tests, which want no client's cleverness. */
export class ApiClient {
  readonly #config: KubeConfig;

  constructor(config: KubeConfig) {
    this.#config = config;
  }

  /** The answer's body, read as JSON where it is that. Rejects with ApiError where the status is 300 or more. */
  async call(
    path: string,
    { method = "GET", query = {}, body, contentType }: ApiRequest = {},
  ): Promise<unknown> {
    const headers = body === undefined ? {} : { "content-type": contentType ?? "application/json" };
    const sent = await this.#start(path, query, { method, headers });
    sent.setTimeout(30_000, () => sent.destroy(new Error(`no answer to ${method} ${path} in 30 s`)));
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const response = await answer(sent);
    const text = await textOf(response);
    const status = response.statusCode ?? 0;
    if (status >= 300) throw new ApiError(status, `${method} ${path}: ${status} ${text}`);
    return response.headers["content-type"]?.startsWith("application/json") === true
      ? JSON.parse(text)
      : text;
  }

  /** The events of a watch until it ends or is aborted. Rejects where it does not begin. */
  async *watch(
    path: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent> {
    const sent = await this.#start(path, { ...query, watch: "true" }, { method: "GET", signal });
    sent.end();
    const response = await answer(sent);
    if (response.statusCode !== 200) {
      throw new ApiError(response.statusCode ?? 0, `watch of ${path}: ${await textOf(response)}`);
    }
    response.setEncoding("utf8");
    let rest = "";
    for await (const chunk of response) {
      const lines = (rest + (chunk as string)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) yield JSON.parse(line) as WatchEvent;
    }
  }

  async #start(
    path: string,
    query: Readonly<Record<string, string>>,
    more: RequestOptions,
  ): Promise<ClientRequest> {
    const server = this.#config.getCurrentCluster()?.server;
    if (server === undefined) throw new Error("the kubeconfig names no cluster");
    const url = new URL(server.replace(/\/$/, "") + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const options: RequestOptions = { ...more };
    await this.#config.applyToHTTPSOptions(options);
    return request(url, options);
  }
}

async function answer(sent: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
