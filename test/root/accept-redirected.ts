// Listens on port 15101, dials each address given as `host port`, and prints what the listener knows of each connection.
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { loadOriginalDestination } from "../../src/platform/original-destination.ts";

const support = loadOriginalDestination();
if (support.kind === "unavailable") throw new Error(support.message);
const { read } = support;

const server = createServer();
server.listen(15_101, "::");
await once(server, "listening");
const found: unknown[] = [];
for (const target of process.argv.slice(2)) {
  const [host = "", port] = target.split(" ");
  const client = connect(Number(port), host);
  const [accepted] = (await once(server, "connection")) as [
    Socket & { readonly _handle: { readonly fd: number } },
  ];
  const { remoteAddress = "", _handle: handle } = accepted;
  const isIPv4 = remoteAddress.includes(".");
  found.push({ client: remoteAddress, ...read(handle.fd, isIPv4 ? 4 : 6) });
  client.destroy();
  accepted.destroy();
}
server.close();
process.stdout.write(JSON.stringify(found));
