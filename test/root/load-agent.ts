// Runs inside a network namespace: pods that come and go, and a client that never sends a request twice.
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type Server } from "node:http";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { LoadReport, LoadRequest } from "./namespace-load.ts";

const CONNECTIONS = 8;
/** From one request of a connection to the next: a pod's traffic, not a benchmark. */
const PAUSE_MS = 3;
/** Requests on one connection, before another one takes its place. */
const REQUESTS_EACH = 25;

class Pod {
  readonly #server: Server;
  #isEnding = false;

  constructor(body: string) {
    this.#server = createServer((_, response) => {
      // As a server does that is told to stop: it closes with an answer, and not before a request.
      if (this.#isEnding) response.setHeader("Connection", "close");
      response.end(body);
    });
    this.#server.keepAliveTimeout = 60_000;
  }

  async listen(address: string, port: number): Promise<void> {
    await once(this.#server.listen(port, address), "listening");
  }

  end(): void {
    this.#isEnding = true;
    // Takes no more connections, and lets those go on that there are: http's own close would cut those that rest.
    net.Server.prototype.close.call(this.#server);
  }
}

const pods = new Map<string, Pod>();
const report: { answers: Record<string, number>; failures: string[] } = { answers: {}, failures: [] };
let stopLoad = new AbortController();
let connections: Promise<void>[] = [];

async function ask(agent: Agent, address: string, port: number, method: string): Promise<string> {
  const outgoing = request({ host: address, port, method, agent, headers: { "content-length": "0" } });
  outgoing.end();
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  let body = "";
  for await (const chunk of response.setEncoding("utf8")) body += String(chunk);
  return response.statusCode === 200 ? body : `${response.statusCode} ${body}`;
}

async function load(address: string, port: number, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let n = 0; n < REQUESTS_EACH && !stop.aborted; n++) {
      try {
        const body = await ask(agent, address, port, n % 2 === 0 ? "GET" : "POST");
        if (/^\d/.test(body)) report.failures.push(body);
        else report.answers[body] = (report.answers[body] ?? 0) + 1;
      } catch (error) {
        report.failures.push(String(error));
      }
      await sleep(PAUSE_MS);
    }
    agent.destroy();
  }
}

async function serve({ kind, address, port, body }: LoadRequest): Promise<LoadReport | undefined> {
  switch (kind) {
    case "begin-pod": {
      const pod = new Pod(body);
      pods.set(`${address}:${port}`, pod);
      await pod.listen(address, port);
      return undefined;
    }
    case "end-pod":
      pods.get(`${address}:${port}`)?.end();
      return undefined;
    case "begin-load":
      stopLoad = new AbortController();
      connections = Array.from({ length: CONNECTIONS }, () => load(address, port, stopLoad.signal));
      return undefined;
    case "end-load":
      stopLoad.abort();
      await Promise.all(connections);
      return report;
    case "report":
      return report;
  }
}

process.on("message", (message: LoadRequest) => {
  void serve(message).then((result) => {
    if (process.connected) process.send?.({ id: message.id, result });
  });
});
process.on("disconnect", () => process.exit());
process.send?.({ id: 0 });
