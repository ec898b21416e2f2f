import { once } from "node:events";
import net from "node:net";

/** How many are opened or asked at a time. */
const AT_A_TIME = 100;

const request = "GET /12 HTTP/1.1\r\nhost: bench\r\n\r\n";

/** Connections to a port of 127.0.0.1 that stay open. */
export interface KeptConnections extends AsyncDisposable {
  /** Sends one request on each and waits for the answers. */
  askOnce(): Promise<void>;
  /** How many the other side has ended. */
  ended(): number;
}

export async function openConnections({
  port,
  count,
}: {
  readonly port: number;
  readonly count: number;
}): Promise<KeptConnections> {
  const sockets: net.Socket[] = [];
  let ended = 0;
  for (let opened = 0; opened < count; opened += AT_A_TIME) {
    const some = Array.from({ length: Math.min(AT_A_TIME, count - opened) }, () => {
      const socket = net.connect(port, "127.0.0.1");
      socket.on("close", () => {
        ended += 1;
      });
      socket.on("error", () => undefined);
      return socket;
    });
    await Promise.all(some.map((socket) => once(socket, "connect")));
    sockets.push(...some);
  }
  return {
    askOnce: async () => {
      for (let index = 0; index < sockets.length; index += AT_A_TIME)
        await Promise.all(sockets.slice(index, index + AT_A_TIME).map(ask));
    },
    ended: () => ended,
    [Symbol.asyncDispose]: async () => {
      const open = sockets.filter((socket) => !socket.destroyed);
      const closed = open.map((socket) => once(socket, "close"));
      for (const socket of open) socket.resetAndDestroy();
      await Promise.all(closed);
    },
  };
}

/** The answer is small, and comes in one piece. */
async function ask(socket: net.Socket): Promise<void> {
  const answered = once(socket, "data");
  socket.write(request);
  const [answer] = (await answered) as [Buffer];
  if (!answer.toString("latin1").startsWith("HTTP/1.1 200 "))
    throw new Error(`unexpected answer: ${String(answer)}`);
}
