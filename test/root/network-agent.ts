// Runs inside a network namespace: listens and dials there as the parent process asks, and tells how it went.
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AgentRequest, Talk } from "./namespace-agent.ts";

function listen(address: string, port: number, greeting: string): Promise<unknown> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    if (greeting.startsWith("HTTP/")) socket.on("data", () => socket.write(greeting));
    else socket.end(greeting);
  });
  return once(server.listen(port, address), "listening");
}

async function talk(address: string, port: number, text: string): Promise<Talk> {
  const socket = connect({ host: address, port });
  let received = "";
  let closedBy = "end";
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1");
    // One answer is enough.
    if (received.startsWith("HTTP/")) socket.end();
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    closedBy = error.code ?? "error";
  });
  socket.write(text);
  await new Promise((resolve) => socket.once("close", resolve));
  return { received, closedBy };
}

process.on("message", (request: AgentRequest) => {
  const { id, address, port, text } = request;
  const work = request.kind === "listen" ? listen(address, port, text) : talk(address, port, text);
  void work.then((result) => process.send?.({ id, result: request.kind === "talk" ? result : undefined }));
});
process.on("disconnect", () => process.exit());
process.send?.({ id: 0 });
