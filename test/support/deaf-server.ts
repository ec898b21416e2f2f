import { once } from "node:events";
import net from "node:net";
import { Worker } from "node:worker_threads";

/** A port of loopback on which connections neither stand nor fail. */
export interface DeafServer extends AsyncDisposable {
  readonly port: number;
}

const DEAF = `
  const { parentPort } = require("node:worker_threads");
  const server = require("node:net").createServer();
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });
`;

/** The server accepts nothing, and its queue is full: the kernel drops what comes. */
export async function startDeafServer(): Promise<DeafServer> {
  const worker = new Worker(DEAF, { eval: true });
  const [port] = (await once(worker, "message")) as [number];
  const queued: net.Socket[] = [];
  for (let n = 0; n < 2; n++) {
    const socket = net.connect({ port, host: "127.0.0.1" });
    socket.on("error", () => undefined);
    queued.push(socket);
    await once(socket, "connect");
  }
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of queued) socket.destroy();
      await worker.terminate();
    },
  };
}
