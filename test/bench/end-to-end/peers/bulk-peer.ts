// node bulk-peer.ts serve PORT: sends without end on connections whose first byte is `d`, swallows what comes on others.
// node bulk-peer.ts pull|push PORT CONNECTIONS SECONDS: carries bytes one way, and prints how many it took or gave and
// in how many seconds. A program of its own, so that it can be pinned to a core.
import { once } from "node:events";
import net from "node:net";

const CHUNK = Buffer.alloc(256 * 1_024, "x");
const READ_BYTES = 1_024 * 1_024;

const [role = "", ...words] = process.argv.slice(2);
const [port = 0, connections = 0, seconds = 0] = words.map(Number);

if (role === "serve") serve();
else await carry(role === "pull");

function serve(): void {
  net
    .createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", (first: Buffer) => {
        if (first[0] === "d".charCodeAt(0)) pump(socket, () => undefined);
      });
    })
    .listen(port, "127.0.0.1");
}

/** Writes as long as the socket takes it. */
function pump(socket: net.Socket, sent: (bytes: number) => void): void {
  const more = (): void => {
    if (socket.destroyed) return;
    while (socket.write(CHUNK, () => sent(CHUNK.length))) if (socket.destroyed) return;
  };
  socket.on("drain", more);
  more();
}

async function carry(isPull: boolean): Promise<void> {
  let bytes = 0;
  const count = (more: number): void => {
    bytes += more;
  };
  const sockets = await Promise.all(Array.from({ length: connections }, () => connect(count)));
  const start = performance.now();
  for (const socket of sockets) {
    socket.write(isPull ? "d" : "u");
    if (!isPull) pump(socket, count);
  }
  await new Promise<void>((resolve) => setTimeout(resolve, seconds * 1_000));
  const took = (performance.now() - start) / 1_000;
  process.stdout.write(`${bytes} bytes in ${took} s\n`);
  for (const socket of sockets) socket.resetAndDestroy();
}

/** What is read is only counted: one buffer for all that comes. */
async function connect(received: (bytes: number) => void): Promise<net.Socket> {
  const socket = net.connect({
    port,
    host: "127.0.0.1",
    onread: {
      buffer: Buffer.alloc(READ_BYTES),
      callback: (length) => {
        received(length);
        return true;
      },
    },
  });
  await once(socket, "connect");
  return socket;
}
