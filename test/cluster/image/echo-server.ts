// A backend that ends as one should, and says what it was sent in the words of the conformance suite's echo program.
// VERSION: what it calls itself. On SIGTERM it takes no more connections, closes each with its next answer, and gives
// those at rest two seconds, within which a client may still have sent something.
import { createServer } from "node:http";
import { Server } from "node:net";

const DRAIN_MS = 2_000;

const version = process.env["VERSION"] ?? "";
let isDraining = false;

function titled(name: string): string {
  return name.replaceAll(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase());
}

const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  const { method = "", url = "", headers } = request;
  const fields = Object.entries(headers).map(
    ([name, value]) => `RequestHeader=${titled(name)}:${String(value)}`,
  );
  const lines = [`ServiceVersion=${version}`, `URL=${url}`, `Method=${method}`, ...fields];
  request.resume().on("end", () => {
    if (isDraining) response.setHeader("connection", "close");
    response.end(`${lines.join("\n")}\nHostname=${process.env["HOSTNAME"] ?? ""}\n`);
  });
});
server.listen(8080, "::");

process.on("SIGTERM", () => {
  isDraining = true;
  // The close of node:http would close the connections at rest at once.
  Server.prototype.close.call(server, () => process.exit());
  setTimeout(() => server.closeIdleConnections(), DRAIN_MS);
});
