import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** An HTTP server that answers with its name, or as it is told. */
export interface NamedServer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** Requests that it was asked. */
  readonly count: () => number;
}

export async function startNamedServer(
  name: string,
  address = "127.0.0.1",
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => {
    response.end(name);
  },
): Promise<NamedServer> {
  let count = 0;
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    count++;
    request.resume();
    answer(request, response);
  });
  server.listen(0, address);
  await once(server, "listening");
  return {
    address,
    port: (server.address() as AddressInfo).port,
    count: () => count,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  };
}
