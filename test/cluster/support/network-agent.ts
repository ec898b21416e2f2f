import { type IncomingHttpHeaders, request } from "node:http";
import type { NetworkAnswer, NetworkRequest } from "./network-client.ts";

/** The other end of NetworkClient, in the network that it was started in: sends the requests that it is told. */
process.on("message", (message: NetworkRequest & { readonly id: number }) => {
  const { id, url, method = "GET", headers = {}, body, timeoutMs = 10_000 } = message;
  const answer = (result: NetworkAnswer | { readonly error: string }): void => {
    process.send?.({ id, ...result });
  };
  // Without an agent each request has a connection of its own.
  const sent = request(url, { method, headers, agent: false, timeout: timeoutMs }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("end", () => {
      answer({
        status: response.statusCode ?? 0,
        headers: response.headers satisfies IncomingHttpHeaders,
        body: Buffer.concat(chunks).toString("utf8"),
      });
    });
    response.on("error", (error) => answer({ error: String(error) }));
  });
  sent.on("timeout", () => sent.destroy(new Error(`no answer in ${timeoutMs} ms`)));
  sent.on("error", (error) => answer({ error: String(error) }));
  sent.end(body);
});
process.on("disconnect", () => process.exit());
