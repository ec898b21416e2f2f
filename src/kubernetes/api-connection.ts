import { Agent as HttpAgent, type IncomingMessage, request as requestPlain } from "node:http";
import { Agent, type RequestOptions, request } from "node:https";
import { KubeConfig } from "@kubernetes/client-node";
import { messageOf } from "../resources/error-message.ts";
import { ApiError, errorOfStatus } from "./api-error.ts";
import { tlsIdentity } from "./tls-identity.ts";

/** Shorter than what idle connections are granted by common load balancers, as client-go has it. */
const TCP_KEEP_ALIVE_MS = 30_000;
/** Below the 90 s after which the API server closes an idle connection. */
const IDLE_CONNECTION_MS = 60_000;
const MAX_IDLE_CONNECTIONS = 4;
/** More of an error's text is of no use. */
const MAX_ERROR_BYTES = 65_536;

/**
 * GET requests to the API server: address, TLS and credentials by KubeConfig, connections kept in one pool.
 *
 * Files (CA, client certificate, token) are read anew for each request, so that rotated ones come into force; the pool
 * is replaced when what TLS needs has changed. client-node keeps tokens of files for a minute and those of programs
 * until they expire: a 401 makes it forget them.
 */
export class ApiConnection {
  #config: KubeConfig;
  #pool: { readonly digest: string; readonly agent: HttpAgent } | undefined;

  constructor(config: KubeConfig) {
    this.#config = config;
  }

  /**
   * Resolves to an answer of status 200 whose body is still to be read, rejects with an ApiError otherwise. The signal
   * ends both at once.
   */
  async get(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const config = this.#config;
    const server = serverOf(config);
    const options = await unlessAborted(requestOptions(config), signal);
    const url = new URL(server.pathname.replace(/\/$/, "") + path, server);
    const ready = { ...options, signal, agent: this.#agentFor(server, options, hasProxy(config)) };
    const response = await this.#send(url, ready);
    if (response.statusCode === 200) return response;
    const error = await readError(response);
    if (error.status === 401 && this.#config === config) this.#config = withoutCredentials(config);
    throw error;
  }

  async #send(url: URL, options: RequestOptions): Promise<IncomingMessage> {
    const first = await sendOnce(url, options);
    if (first.kind === "response") return first.response;
    // The server closed the connection while it lay idle: that says nothing of the server's health.
    const second = first.isReused ? await sendOnce(url, options) : first;
    if (second.kind === "response") return second.response;
    throw second.error;
  }

  #agentFor(server: URL, options: RequestOptions, isProxied: boolean): HttpAgent | undefined {
    if (isProxied) return options.agent instanceof HttpAgent ? options.agent : undefined;
    const { tls, digest } = tlsIdentity(options);
    if (this.#pool?.digest === digest) return this.#pool.agent;
    for (const idle of Object.values(this.#pool?.agent.freeSockets ?? {})) {
      for (const socket of idle ?? []) socket.destroy();
    }
    const pooling = {
      keepAlive: true,
      keepAliveMsecs: TCP_KEEP_ALIVE_MS,
      maxFreeSockets: MAX_IDLE_CONNECTIONS,
      timeout: IDLE_CONNECTION_MS,
    };
    const agent = server.protocol === "http:" ? new HttpAgent(pooling) : new Agent({ ...pooling, ...tls });
    this.#pool = { digest, agent };
    return agent;
  }
}

function serverOf(config: KubeConfig): URL {
  const server = config.getCurrentCluster()?.server ?? "";
  if (!URL.canParse(server)) throw new ApiError("there is no cluster", { reason: "NoCluster" });
  return new URL(server);
}

function hasProxy(config: KubeConfig): boolean {
  return (config.getCurrentCluster()?.proxyUrl ?? "") !== "";
}

async function requestOptions(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = { headers: { Accept: "application/json" } };
  try {
    await config.applyToHTTPSOptions(options);
    return options;
  } catch (error) {
    throw new ApiError(`no credentials: ${messageOf(error)}`, { reason: "NoCredentials", cause: error });
  }
}

/** A program for credentials may hang; the request must not. */
function unlessAborted<T>(pending: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(asError(signal.reason));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    pending.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

/** A config for the same cluster and user that has no token in its memory. */
function withoutCredentials(config: KubeConfig): KubeConfig {
  const fresh = new KubeConfig();
  fresh.clusters = config.clusters;
  fresh.users = config.users;
  fresh.contexts = config.contexts;
  fresh.currentContext = config.currentContext;
  return fresh;
}

type Sent =
  | { readonly kind: "response"; readonly response: IncomingMessage }
  | { readonly kind: "error"; readonly error: ApiError; readonly isReused: boolean };

function sendOnce(url: URL, options: RequestOptions): Promise<Sent> {
  return new Promise((resolve) => {
    const send = url.protocol === "http:" ? requestPlain : request;
    const outgoing = send(url, options, (response) => {
      // Whoever reads the body is told as well; this is for the moment before.
      response.on("error", () => {});
      resolve({ kind: "response", response });
    });
    outgoing.on("error", (cause) => {
      const isReused = outgoing.reusedSocket && options.signal?.aborted !== true;
      resolve({ kind: "error", error: connectionError(cause), isReused });
    });
    outgoing.end();
  });
}

/** What Node says of a connection, in the words of an ApiError. */
export function connectionError(cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return new ApiError(messageOf(cause), {
    reason: typeof code === "string" ? code : "ConnectionFailed",
    cause,
  });
}

async function readError(response: IncomingMessage): Promise<ApiError> {
  const status = response.statusCode ?? 0;
  const seconds = Number.parseInt(response.headers["retry-after"] ?? "", 10);
  const fallback = {
    status,
    reason: response.statusMessage ?? "",
    message: `the API server answered ${status} ${response.statusMessage ?? ""}`.trimEnd(),
    ...(seconds > 0 ? { retryAfterSeconds: seconds } : {}),
  };
  return errorOfStatus(parsed(await readSome(response)), fallback);
}

async function readSome(response: IncomingMessage): Promise<string> {
  let text = "";
  try {
    for await (const chunk of response) {
      text += String(chunk);
      if (text.length > MAX_ERROR_BYTES) break;
    }
  } catch (error) {
    return `${text}\n${messageOf(error)}`;
  }
  return text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
