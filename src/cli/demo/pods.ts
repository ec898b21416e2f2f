import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { EXAMPLE_HEADER, type Pod, pods, SLOW_ANSWER_MS } from "./shop.ts";

/** A request of the demo's own that reached a pod, copies and further tries included. */
export interface PodArrival {
  readonly pod: Pod;
  readonly example: string;
  readonly path: string;
}

export type OnArrival = (arrival: PodArrival) => void;

/** Starts the backends of the shop. They say in each answer who they are and what they were asked. */
export async function startPods(base: number, onArrival: OnArrival): Promise<AsyncDisposable> {
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(
      servers.map(async (server) => {
        server.closeAllConnections();
        if (server.listening) await new Promise((resolve) => server.close(resolve));
      }),
    );
  };
  try {
    for (const pod of pods) {
      const server = createServer(answerOf(pod, onArrival));
      servers.push(server);
      server.listen(base + pod.portOffset, "127.0.0.1");
      await once(server, "listening");
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { [Symbol.asyncDispose]: close };
}

function answerOf(pod: Pod, onArrival: OnArrival) {
  let requests = 0;
  return (request: IncomingMessage, response: ServerResponse): void => {
    requests++;
    const path = request.url ?? "";
    const example = request.headers[EXAMPLE_HEADER];
    if (typeof example === "string") onArrival({ pod, example, path });
    const isFailing = pod.behaviour === "every fourth fails" && requests % 4 === 0;
    const isSlow = pod.behaviour === "every fifth is slow" && requests % 5 === 0;
    const answer = (): void => {
      response.writeHead(isFailing ? 503 : 200, { "content-type": "application/json" });
      response.end(`${JSON.stringify({ pod: pod.name, method: request.method, path })}\n`);
    };
    request.resume();
    if (isSlow) setTimeout(answer, SLOW_ANSWER_MS).unref();
    else answer();
  };
}
