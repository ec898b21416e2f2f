import { Agent, get, type IncomingMessage } from "node:http";
import { EXAMPLE_HEADER, type ExampleRequest, exampleRequests } from "./shop.ts";

const REQUESTS_PER_SECOND = 20;

/** Of one example: what more would do nothing but wait. */
const MAX_UNDER_WAY = 16;

/** Sends every example's request over and over, until it is disposed. `onLocation` is told where redirects point. */
export function startLoad(base: number, onLocation: (example: string, location: string) => void): Disposable {
  const agent = new Agent({ keepAlive: true });
  const underWay = exampleRequests.map(() => 0);
  let next = 0;
  const sendNext = (): void => {
    const index = next;
    next = (next + 1) % exampleRequests.length;
    const example = exampleRequests[index];
    if (example === undefined || (underWay[index] ?? 0) >= MAX_UNDER_WAY) return;
    underWay[index] = (underWay[index] ?? 0) + 1;
    send(agent, example, base)
      .on("response", (response: IncomingMessage) => {
        response.resume();
        if (response.headers.location !== undefined) onLocation(example.path, response.headers.location);
      })
      // What fails shows in the table or not at all: a Service that is not served is in the list of problems.
      .on("error", () => undefined)
      .on("close", () => {
        underWay[index] = (underWay[index] ?? 0) - 1;
      });
  };
  const timer = setInterval(sendNext, 1_000 / (REQUESTS_PER_SECOND * exampleRequests.length));
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      agent.destroy();
    },
  };
}

function send(agent: Agent, { service, portOffset, path, header }: ExampleRequest, base: number) {
  return get({
    agent,
    host: "127.0.0.1",
    port: base + portOffset,
    path,
    headers: {
      // A client in a cluster calls the Service by its name; that also tells these requests from those of the user.
      host: service,
      [EXAMPLE_HEADER]: path,
      ...(header === undefined ? {} : { [header[0]]: header[1] }),
    },
  });
}
