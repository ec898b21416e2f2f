import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";

/** A port of loopback to which connections are neither established nor refused: its queue is full for ever. */
export interface StuckListener extends AsyncDisposable {
  readonly port: number;
}

const PROGRAM = `
const server = require("node:net").createServer();
server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  require("node:fs").writeSync(1, String(server.address().port) + "\\n");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
`;

/** Of a process that listens and never accepts, because its only thread waits. */
export async function startStuckListener(): Promise<StuckListener> {
  const child = spawn(process.execPath, ["-e", PROGRAM], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(line.toString());
  const fillers: net.Socket[] = [];
  while (await connects(port, fillers));
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of fillers) socket.destroy();
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

async function connects(port: number, sockets: net.Socket[]): Promise<boolean> {
  const socket = net.connect({ port, host: "127.0.0.1" });
  socket.on("error", () => undefined);
  sockets.push(socket);
  const signal = AbortSignal.timeout(200);
  return once(socket, "connect", { signal }).then(
    () => true,
    () => false,
  );
}
